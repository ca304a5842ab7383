import type { Template } from '@orchestrator/report';
import { eachLine, readKernelFile } from '../procfs/read.ts';
import type { Source, SourceContext } from '../source.ts';
import { parseTrackedFlow } from './conntrack.ts';
import { createFlows, type Flows } from './flows.ts';
import { createListeners } from './listeners.ts';
import { createLister } from './lister.ts';
import { createLooker } from './looker.ts';
import { networksReader } from './networks.ts';
import { followFlows } from './programs.ts';
import { createPublisher } from './publisher.ts';

export interface ConnectionSourceOptions {
  /** Follow connection tracking: sees everything at once, also what is over at once. Default true. */
  readonly conntrack?: boolean;
  /** Look at sockets: sees what is not tracked, and whose connections these are. Default true. */
  readonly sockets?: boolean;
  /** Connections followed at most; each takes about 300 bytes. Default 32,768. */
  readonly limit?: number;
}

const tickMs = 1_000;
const tickShare = 0.005;
const bytesEveryMs = 3_000;
const bytesShare = 0.005;
const networksEveryMs = 3_000;
const connectionLimit = 32_768;
/** An edge with its ends is 5 KB of a report, which an app keeps, too. */
const edgeLimit = 4_096;

const templates: readonly Template[] = [
  { kind: 'topology', id: 'topology', shape: 'circle', label: 'endpoint', labelPlural: 'endpoints' },
  metadata('address', 'Address', 1),
  metadata('port', 'Port', 2),
  metadata('protocol', 'Protocol', 3),
  metadata('pid', 'PID', 4),
];

const hostTemplates = [metadata('connections_left_out', 'Connections not shown', 20)];

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
      const listeners = createListeners();
      const flows = createFlows({
        limit: options.limit ?? connectionLimit,
        edgeLimit,
        ownNamespace: places.ownNamespace,
        listensOnAll: listeners.isOnAll,
      });
      board.templates('endpoint', templates);
      board.templates('host', hostTemplates);
      const networks = rememberedNetworks(context);
      const publisher = createPublisher(context, { flows, networks });
      let tracking = false;
      const looker = createLooker(context, {
        ...{ flows, listeners, networks },
        found: publisher.gather,
        isTracking: () => tracking,
      });
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
          scheduler.add({ name: 'sockets', everyMs: tickMs / 2, share: tickShare, run: looker.notice }),
          scheduler.add({ name: 'looks at sockets', everyMs: tickMs / 2, share: 1, run: looker.look }),
        );
      }
      const told = (isNews: boolean) => {
        tracking = true;
        if (isNews) publisher.gather();
      };
      const lister = createLister(context, { flows, told, signal: abort.signal });
      const follow = () =>
        followFlows({
          ...{ clock, logger, signal: abort.signal },
          flow(flow) {
            looker.tracked(flow);
            told(flows.track(flow, clock.monotonicMs()));
          },
          // Who listens is known then, and the edges are right from the beginning.
          opened: () => void (options.sockets === false ? lister.list() : looker.begun.then(lister.list)),
          lost() {
            tracking = false;
            flows.forgetTracked(clock.monotonicMs());
          },
          missed: lister.missed,
        });
      const following = options.conntrack === false ? undefined : follow();
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

function rememberedNetworks({ clock, host, places }: SourceContext) {
  const read = networksReader(host.procRoot, places);
  let networks = read();
  let readMs = clock.monotonicMs();
  return () => {
    const nowMs = clock.monotonicMs();
    if (nowMs - readMs >= networksEveryMs) {
      networks = read();
      readMs = nowMs;
    }
    return networks;
  };
}

/** Bytes of all tracked flows from the kernel's list, where it keeps one; a walk of a quarter of a millisecond. */
function readBytes({ clock, host }: SourceContext, flows: Flows): void {
  const nowMs = clock.monotonicMs();
  // Without it the list has no bytes, and may be long.
  const isCounted = readKernelFile(`${host.procRoot}/sys/net/netfilter/nf_conntrack_acct`)?.startsWith('1');
  if (flows.size.flows > 0 && isCounted === true) {
    eachLine(`${host.procRoot}/self/net/nf_conntrack`, (line) => {
      const flow = line.includes('bytes=') ? parseTrackedFlow(line) : undefined;
      if (flow !== undefined) flows.track(flow, nowMs);
    });
  }
  flows.rate(nowMs);
}
