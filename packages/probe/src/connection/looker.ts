/** Looks at the sockets of namespaces: for connections of which nobody tells, and for the processes of all of them. */
import type { SourceContext } from '../source.ts';
import { type Address, isLoopback } from './address.ts';
import type { TrackedFlow } from './conntrack.ts';
import type { Flows } from './flows.ts';
import type { Listeners } from './listeners.ts';
import { createLookShell } from './look-shell.ts';
import { createLooks, type DueLook, trackedNoticeEveryMs } from './looks.ts';
import type { Networks } from './networks.ts';
import { createOwnership } from './ownership.ts';
import { connectionOf, isListening, type SeenSocket } from './sockets.ts';
import { createWhereabouts } from './whereabouts.ts';

/** Processes of servers are checked to be there so often. */
const checkEveryMs = 3_000;
/** What the probe's own namespace has is waited for no longer than this. */
const beginWithinMs = 3_000;
/** Ticks come a little early. */
const noticeSlackMs = 250;

export interface LookerOptions {
  readonly flows: Flows;
  readonly listeners: Listeners;
  readonly networks: () => Networks;
  /** There is something new to be told. */
  readonly found: () => void;
  /** Events of connection tracking arrive. */
  readonly isTracking: () => boolean;
}

export function createLooker(context: SourceContext, options: LookerOptions) {
  const { clock, host, logger, places } = context;
  const { flows, listeners, networks, found, isTracking } = options;
  const { procRoot } = host;
  const shell = createLookShell({ clock, procRoot });
  const whereabouts = createWhereabouts({ places, networks, flows, listeners });
  const ownership = createOwnership({ clock, procRoot, flows, whereabouts });
  /** Namespaces whose sockets have all been seen. */
  const lookedAt = new Set<string>();
  const gone = (namespace: string) => {
    lookedAt.delete(namespace);
    flows.forgetNamespace(namespace, clock.monotonicMs());
    listeners.forget(namespace);
  };
  const looks = createLooks({ clock, procRoot, gone });
  const begun = Promise.withResolvers<void>();
  const giveUp = clock.after(beginWithinMs, begun.resolve, { background: true });
  let hasLooked = false;
  let checkedMs = clock.monotonicMs();

  const startLook = (namespace: string) => {
    const isOwn = namespace === places.ownNamespace;
    const isTold = (client: Address) => isTracking() && (isOwn || !isLoopback(client.ip));
    // What had ended before the probe began is no news.
    const countEnded = (client: Address) => !isTold(client) && !(isOwn && !hasLooked);
    const isFirst = !lookedAt.has(namespace);
    const look = flows.startLook(namespace, { nowMs: clock.monotonicMs(), countEnded, isFirst });
    const listening = listeners.startLook(namespace);
    const search = ownership.search(namespace);
    return {
      see(socket: SeenSocket) {
        if (isListening(socket)) {
          search.listener(socket, listening.see(socket));
          return;
        }
        const side = whereabouts.sideIn(namespace, socket);
        const connection = connectionOf(socket, side);
        const flow = connection === undefined ? undefined : look.see(connection);
        if (flow !== undefined) search.end(socket, flow, side);
      },
      end(isComplete: boolean, closedMs: number) {
        if (isComplete) lookedAt.add(namespace);
        listening.end(isComplete);
        const told = look.end({ isComplete, closedMs });
        const { isComplete: isKnown, isNews } = search.find();
        if (!isKnown) looks.want(namespace);
        return { ...told, isNews: told.isNews || isNews };
      },
    };
  };

  const lookAt = async ({ namespace, steadyMs }: DueLook) => {
    const isOwn = namespace === places.ownNamespace;
    const pid = isOwn ? undefined : places.namespaces().get(namespace)?.pid;
    if (!isOwn && pid === undefined) return;
    const look = startLook(namespace);
    const withBytes = !(isOwn && isTracking());
    const { sockets, isComplete } = await shell.look({ pid, withBytes, socket: look.see });
    const { isTold, isNews } = look.end(isComplete, steadyMs);
    looks.looked(namespace, { sockets, isTold });
    if (isNews) found();
  };

  const pidByNamespace = () => {
    const pids = new Map<string, number>([[places.ownNamespace, process.pid]]);
    for (const [namespace, place] of places.namespaces()) pids.set(namespace, place.pid);
    return pids;
  };

  return {
    /** Resolves when the probe's own namespace has been looked at, or could not be. */
    begun: begun.promise,
    /** Of a translated connection, the address that was asked for is nobody's. */
    tracked({ event, protocol, source, replySource }: TrackedFlow): void {
      if (event !== 'new' || protocol !== 'tcp') return;
      for (const { ip } of [source, replySource]) {
        const namespace = whereabouts.namespaceOf(ip, places.ownNamespace);
        if (namespace !== undefined) looks.tracked(namespace);
      }
    },
    /** What has changed, and what is to be looked at for it. */
    notice(): void {
      const nowMs = clock.monotonicMs();
      if (nowMs - checkedMs >= checkEveryMs) {
        checkedMs = nowMs;
        if (ownership.checkServers(looks.want)) found();
      }
      for (const { ip, namespace } of flows.unowned(nowMs)) {
        const where = whereabouts.namespaceOf(ip, namespace);
        if (where !== undefined) looks.want(where);
      }
      const noticeEveryMs = isTracking() ? trackedNoticeEveryMs - noticeSlackMs : 0;
      looks.notice(pidByNamespace(), { noticeEveryMs, isTracking: isTracking() });
    },
    /** The look that is due, if there is one. */
    async look(): Promise<void> {
      const due = looks.next();
      if (due === undefined) return;
      try {
        await lookAt(due);
      } catch (error) {
        // A container that has just ended, or no privilege.
        logger.debug('sockets could not be looked at', { namespace: due.namespace, error });
        looks.want(due.namespace);
      }
      hasLooked ||= due.namespace === places.ownNamespace;
      if (hasLooked) begun.resolve();
    },
    stop(): void {
      giveUp.cancel();
      shell.stop();
    },
  };
}
