/** Looks at the sockets of namespaces: for connections of which nobody tells, and for the processes of all of them. */
import type { SourceContext } from '../source.ts';
import { type Address, isLoopback } from './address.ts';
import type { TrackedFlow } from './conntrack.ts';
import type { Flow, Flows } from './flows.ts';
import { type Listener, type Listeners, sideOf } from './listeners.ts';
import { createLookShell } from './look-shell.ts';
import { createLooks, type DueLook, trackedNoticeEveryMs } from './looks.ts';
import type { Networks } from './networks.ts';
import { createOwnerFinder, pidsOf } from './owners.ts';
import { connectionOf, isListening, type SeenSocket } from './sockets.ts';

/** Sockets whose process is looked for after one look; the next one finds the others. */
const wantedPerLook = 8_192;
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

/** What an owner of a socket is needed for. */
type Wanted = { readonly flow: Flow; readonly side: 'client' | 'server' } | { readonly listener: Listener };

export function createLooker(context: SourceContext, options: LookerOptions) {
  const { clock, host, logger, places } = context;
  const { flows, listeners, networks, found, isTracking } = options;
  const { procRoot } = host;
  const shell = createLookShell({ clock, procRoot });
  const owners = createOwnerFinder(procRoot);
  const looks = createLooks({
    clock,
    procRoot,
    gone(namespace) {
      flows.forgetNamespace(namespace, clock.monotonicMs());
      listeners.forget(namespace);
    },
  });

  /** Where an address is, if it is on this host; `within` is the namespace of loopback addresses. */
  const namespaceOf = (ip: string, within: string | undefined): string | undefined => {
    if (isLoopback(ip)) return within;
    return places.atAddress(ip)?.namespace ?? (networks().isOwn(ip) ? places.ownNamespace : undefined);
  };

  const pidByNamespace = () => {
    const pids = new Map<string, number>([[places.ownNamespace, process.pid]]);
    for (const [namespace, place] of places.namespaces()) pids.set(namespace, place.pid);
    return pids;
  };

  const isListenedOn = (namespace: string | undefined, protocol: string, address: Address) =>
    namespace !== undefined && listeners.at(namespace, protocol, address) !== undefined;

  const sideIn = (namespace: string, { protocol, local, remote }: SeenSocket) => {
    const asClient = flows.known(protocol, local, remote, namespace);
    const asServer = flows.known(protocol, remote, local, namespace);
    if (asClient?.isTracked === true) return 'client';
    if (asServer?.isTracked === true) return 'server';
    const remoteNamespace = namespaceOf(remote.ip, namespace);
    return sideOf({
      local,
      remote,
      isLocalListening: isListenedOn(namespace, protocol, local),
      isRemoteListening: isListenedOn(remoteNamespace, protocol, remote),
      isRemoteHere: remoteNamespace !== undefined,
      known: asClient !== undefined ? 'client' : asServer !== undefined ? 'server' : undefined,
    });
  };

  /** Sockets of unknown owners are noted in `wanted`. */
  const startLook = (namespace: string, wanted: Map<number, Wanted>) => {
    const nowMs = clock.monotonicMs();
    const isOwn = namespace === places.ownNamespace;
    const isTold = (client: Address) => isTracking() && (isOwn || !isLoopback(client.ip));
    // What had ended before the probe began is no news.
    const countEnded = (client: Address) => !isTold(client) && !(isOwn && !hasLooked);
    const look = flows.startLook(namespace, { nowMs, countEnded });
    const listening = listeners.startLook(namespace);
    const want = (inode: number, of: Wanted) => {
      if (inode !== 0 && wanted.size < wantedPerLook) wanted.set(inode, of);
    };
    return {
      see(socket: SeenSocket) {
        if (isListening(socket)) {
          const listener = listening.see(socket);
          if (listener?.inode === socket.inode && listener.pid === undefined)
            want(socket.inode, { listener });
          return;
        }
        const side = sideIn(namespace, socket);
        const connection = connectionOf(socket, side);
        const flow = connection === undefined ? undefined : look.see(connection);
        if (flow === undefined) return;
        const pid = side === 'client' ? flow.edge.clientPid : flow.edge.serverPid;
        if (pid === undefined) want(socket.inode, { flow, side });
      },
      end(isComplete: boolean, closedMs: number) {
        listening.end(isComplete);
        return look.end({ isComplete, closedMs });
      },
    };
  };

  const own = (wanted: Wanted | undefined, pid: number) => {
    if (wanted === undefined) return;
    if ('listener' in wanted) wanted.listener.pid = pid;
    else if (wanted.side === 'client') flows.ownClient(wanted.flow, pid, clock.monotonicMs());
    else wanted.flow.edge.serverPid ??= pid;
  };

  /** Who listens is known for connections that are not looked at, too: those of other namespaces, and those that are over. */
  const ownServers = () => {
    for (const edge of flows.allEdges()) {
      const namespace = namespaceOf(edge.server.ip, edge.namespace);
      const pid =
        namespace === undefined ? undefined : listeners.at(namespace, edge.protocol, edge.server)?.pid;
      if (pid !== undefined) edge.serverPid = pid;
    }
  };

  const lookAt = async ({ namespace, steadyMs }: DueLook) => {
    const isOwn = namespace === places.ownNamespace;
    const pid = isOwn ? undefined : places.namespaces().get(namespace)?.pid;
    if (!isOwn && pid === undefined) return;
    const wanted = new Map<number, Wanted>();
    const look = startLook(namespace, wanted);
    const withBytes = !(isOwn && isTracking());
    const { sockets, isComplete } = await shell.look({ pid, withBytes, socket: look.see });
    const { isTold } = look.end(isComplete, steadyMs);
    if (wanted.size > 0) {
      const inodes = new Set(wanted.keys());
      owners.find(pidsOf(procRoot, namespace), inodes, (inode, owner) => own(wanted.get(inode), owner));
    }
    ownServers();
    looks.looked(namespace, { sockets, isTold });
    found();
  };

  const begun = Promise.withResolvers<void>();
  let hasLooked = false;

  const lookNext = async () => {
    const due = looks.next();
    if (due === undefined) return;
    try {
      await lookAt(due);
    } catch (error) {
      // A container that has just ended, or no privilege.
      logger.debug('sockets could not be looked at', { namespace: due.namespace, error });
    }
    hasLooked ||= due.namespace === places.ownNamespace;
    if (hasLooked) begun.resolve();
  };

  const notice = () => {
    for (const { ip, namespace } of flows.unowned(clock.monotonicMs())) {
      const where = namespaceOf(ip, namespace);
      if (where !== undefined) looks.want(where);
    }
    looks.notice(pidByNamespace(), {
      noticeEveryMs: isTracking() ? trackedNoticeEveryMs - noticeSlackMs : 0,
      isTracking: isTracking(),
    });
  };

  return {
    /** Resolves when the probe's own namespace has been looked at, or could not be. */
    begun: begun.promise,
    /** Of a translated connection, the address that was asked for is nobody's. */
    tracked({ event, protocol, source, replySource }: TrackedFlow): void {
      if (event !== 'new' || protocol !== 'tcp') return;
      for (const { ip } of [source, replySource]) {
        const namespace = namespaceOf(ip, places.ownNamespace);
        if (namespace !== undefined) looks.tracked(namespace);
      }
    },
    stop: shell.stop,
    notice,
    look: lookNext,
  };
}
