import type { Template } from '@orchestrator/report';
import type { Timer } from '@orchestrator/runtime/clock';
import { readKernelFile } from '../procfs/read.ts';
import type { Source, SourceContext } from '../source.ts';
import { parseTrackedFlow, type TrackedFlow } from './conntrack.ts';
import { endpointNodes } from './endpoints.ts';
import { createFlows, type Flows } from './flows.ts';
import { createLookShell } from './look-shell.ts';
import { createLooks, trackedNoticeEveryMs } from './looks.ts';
import { networksReader } from './networks.ts';
import { findOwners, pidsOf } from './owners.ts';
import { followFlows, listFlows } from './programs.ts';
import { connectionsOf } from './sockets.ts';

export interface ConnectionSourceOptions {
  /** Follow connection tracking: sees everything at once, also what is over at once. Default true. */
  readonly conntrack?: boolean;
  /** Look at sockets: sees what is not tracked, and whose connections these are. Default true. */
  readonly sockets?: boolean;
  /** Connections followed at most. Default 65,536. */
  readonly limit?: number;
}

const tickMs = 1_000;
const tickShare = 0.005;
const bytesEveryMs = 3_000;
const bytesShare = 0.005;
const networksEveryMs = 15_000;
/** What is new waits this long for more of its kind. */
const gatherMs = 50;

const templates: readonly Template[] = [
  { kind: 'topology', id: 'topology', shape: 'circle', label: 'endpoint', labelPlural: 'endpoints' },
  metadata('address', 'Address', 1),
  metadata('port', 'Port', 2),
  metadata('protocol', 'Protocol', 3),
  metadata('pid', 'PID', 4),
];

function metadata(id: string, label: string, priority: number): Template {
  const dataType = id === 'address' ? 'ip' : '';
  return { kind: 'metadata', id, label, priority, from: 'latest', dataType, truncate: 0 };
}

/** TCP and UDP connections of the host and its containers, who opened them, and what goes over them. */
export function connectionSource(options: ConnectionSourceOptions = {}): Source {
  return {
    name: 'connection',
    start(context) {
      const { board, clock, logger, scheduler, places } = context;
      const abort = new AbortController();
      const flows = createFlows({ limit: options.limit ?? 65_536, ownNamespace: places.ownNamespace });
      board.templates('endpoint', templates);
      const publisher = createPublisher(context, flows);
      let tracking = false;
      const looker = createLooker(context, {
        flows,
        found: publisher.gather,
        isTracking: () => tracking,
      });
      const track = (flow: TrackedFlow) => {
        tracking = true;
        looker.tracked(flow);
        if (flows.track(flow, clock.monotonicMs())) publisher.gather();
      };
      const jobs = [
        scheduler.add({ name: 'connections', everyMs: tickMs, share: tickShare, run: publisher.publish }),
        scheduler.add({
          name: 'bytes of connections',
          everyMs: bytesEveryMs,
          share: bytesShare,
          run: () => readBytes(context, flows),
        }),
      ];
      if (options.sockets !== false) {
        jobs.push(
          scheduler.add({ name: 'sockets', everyMs: tickMs, share: tickShare, run: looker.notice }),
          scheduler.add({ name: 'looks at sockets', everyMs: tickMs / 2, share: 1, run: looker.look }),
        );
      }
      const following =
        options.conntrack === false
          ? undefined
          : followFlows({
              clock,
              logger,
              signal: abort.signal,
              flow: track,
              opened: () =>
                void listFlows().then(
                  (all) => all.forEach(track),
                  (error) => logger.debug('flows could not be listed', { error }),
                ),
              lost() {
                tracking = false;
                flows.forgetTracked(clock.monotonicMs());
              },
            });
      return async () => {
        abort.abort();
        publisher.stop();
        looker.stop();
        for (const job of jobs) job.remove();
        await following;
      };
    },
  };
}

function createPublisher(context: SourceContext, flows: Flows) {
  const { board, clock, host, places } = context;
  const readNetworks = networksReader(host.procRoot, places);
  let networks = readNetworks();
  let networksMs = clock.monotonicMs();
  let timer: Timer | undefined;

  const publish = () => {
    const nowMs = clock.monotonicMs();
    if (nowMs - networksMs >= networksEveryMs) {
      networks = readNetworks();
      networksMs = nowMs;
    }
    const nodes = endpointNodes({ host, networks, places }, flows.edges(nowMs));
    for (const [id, sighting] of nodes) board.see('endpoint', id, sighting, 'now');
    board.keepOnly('endpoint', (id) => nodes.has(id), 'now');
  };

  return {
    publish,
    gather() {
      timer ??= clock.after(gatherMs, () => {
        timer = undefined;
        publish();
      });
    },
    stop: () => timer?.cancel(),
  };
}

interface LookerOptions {
  readonly flows: Flows;
  /** There are connections that were not known. */
  readonly found: () => void;
  /** Events of connection tracking arrive. */
  readonly isTracking: () => boolean;
}

function createLooker(
  { clock, host, logger, places }: SourceContext,
  { flows, found, isTracking }: LookerOptions,
) {
  const { procRoot } = host;
  const looks = createLooks({ clock, procRoot });
  const shell = createLookShell({ clock, procRoot });

  const pidByNamespace = () => {
    const pids = new Map<string, number>([[places.ownNamespace, process.pid]]);
    for (const [namespace, place] of places.namespaces()) pids.set(namespace, place.pid);
    return pids;
  };

  const lookAt = async (namespace: string) => {
    const isOwn = namespace === places.ownNamespace;
    const pid = places.namespaces().get(namespace)?.pid;
    if (!isOwn && pid === undefined) return;
    const sockets = await shell.look(isOwn ? undefined : pid);
    const connections = connectionsOf(sockets);
    const wanted = new Set(connections.map(({ inode }) => inode).filter((inode) => inode !== 0));
    const owners =
      wanted.size === 0
        ? new Map<number, number>()
        : findOwners(procRoot, pidsOf(procRoot, namespace), wanted);
    const before = flows.size.untracked;
    flows.look(namespace, connections, (inode) => owners.get(inode), clock.monotonicMs());
    const after = flows.size.untracked;
    looks.looked(namespace, connections.length > 0 && after === before);
    if (after > before) found();
  };

  /** Of a translated connection, the address that was asked for is nobody's. */
  const tracked = ({ source, replySource }: TrackedFlow) => {
    const ends = [places.atAddress(source.ip), places.atAddress(replySource.ip)];
    for (const place of ends) if (place?.namespace !== undefined) looks.tracked(place.namespace);
    if (ends.every((place) => place === undefined)) looks.tracked(places.ownNamespace);
  };

  return {
    tracked,
    stop: shell.stop,
    notice: () => looks.notice(pidByNamespace(), isTracking() ? trackedNoticeEveryMs - tickMs / 2 : 0),
    async look() {
      const namespace = looks.next();
      if (namespace === undefined) return;
      try {
        await lookAt(namespace);
      } catch (error) {
        // A container that has just ended, or no privilege.
        logger.debug('sockets could not be looked at', { namespace, error });
      }
    },
  };
}

/** Bytes of all tracked flows from the kernel's list, where it keeps one; a walk of a quarter of a millisecond. */
function readBytes({ clock, host }: SourceContext, flows: Flows): void {
  const nowMs = clock.monotonicMs();
  // Without it the list has no bytes, and may be long.
  const isCounted = readKernelFile(`${host.procRoot}/sys/net/netfilter/nf_conntrack_acct`)?.startsWith('1');
  if (flows.size.flows > 0 && isCounted === true) {
    const text = readKernelFile(`${host.procRoot}/self/net/nf_conntrack`) ?? '';
    for (const line of text.split('\n')) {
      const flow = line.includes('bytes=') ? parseTrackedFlow(line) : undefined;
      if (flow !== undefined) flows.track(flow, nowMs);
    }
  }
  flows.rate(nowMs);
}
