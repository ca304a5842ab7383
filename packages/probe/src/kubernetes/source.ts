import { hostNodeId } from '../host/facts.ts';
import { type JsonClient, jsonClient } from '../http/json-client.ts';
import type { Source, SourceContext } from '../source.ts';
import { createCluster } from './cluster.ts';
import { registerKubernetesControls } from './controls.ts';
import { takePart } from './lease.ts';
import type { Kind } from './objects.ts';
import { kubernetesTemplates } from './templates.ts';
import { watchKind } from './watch.ts';

export interface KubernetesSourceOptions {
  /** URL of the API server. */
  readonly api: string;
  /** PEM of its authority. Default: the system's. */
  readonly ca?: string;
  /** Asked for each request. */
  readonly token?: () => string | undefined;
  /** Where the probes of a cluster elect the one that watches it. Default `default/orchestrator-probe`. */
  readonly lease?: { readonly namespace: string; readonly name: string };
  /** Default 15,000. */
  readonly leaseMs?: number;
  /** Scale, delete and logs. Default true. */
  readonly controls?: boolean;
}

/** Pods come after what says whose they are. */
const paths: Readonly<Record<Kind, string>> = {
  namespace: '/api/v1/namespaces',
  node: '/api/v1/nodes',
  service: '/api/v1/services',
  deployment: '/apis/apps/v1/deployments',
  daemon_set: '/apis/apps/v1/daemonsets',
  stateful_set: '/apis/apps/v1/statefulsets',
  replica_set: '/apis/apps/v1/replicasets',
  cron_job: '/apis/batch/v1/cronjobs',
  job: '/apis/batch/v1/jobs',
  pod: '/api/v1/pods',
};

const kinds = Object.keys(paths) as Kind[];

/** A watch of each kind, and room for questions and logs. */
const connections = kinds.length + 20;

/**
 * The objects of a Kubernetes cluster: one probe, elected by a lease, watches them for all. Which container is part of which pod
 * is told by the containers' labels, on each host.
 */
export function kubernetesSource(options: KubernetesSourceOptions): Source {
  return {
    name: 'kubernetes',
    start(context) {
      const { clock, logger, probeId } = context;
      const {
        api,
        ca,
        token,
        leaseMs,
        lease = { namespace: 'default', name: 'orchestrator-probe' },
      } = options;
      const headers = (): Record<string, string> => {
        const value = token?.();
        return value === undefined ? {} : { authorization: `Bearer ${value}` };
      };
      const client = jsonClient({
        ...{ url: api, headers, clock, maxSockets: connections },
        ...(ca === undefined ? {} : { ca }),
      });
      const abort = new AbortController();
      const taking = takePart({
        ...{ client, ...lease, identity: probeId, clock, logger, signal: abort.signal },
        ...(leaseMs === undefined ? {} : { leaseMs }),
        lead: (signal) => lead(context, client, options.controls !== false, signal),
      });
      return async () => {
        abort.abort();
        await taking;
        client.close();
      };
    },
  };
}

async function lead(
  { board, clock, controls: desk, host, logger }: SourceContext,
  client: JsonClient,
  controls: boolean,
  signal: AbortSignal,
): Promise<void> {
  for (const [topology, templates] of Object.entries(kubernetesTemplates))
    board.templates(topology, templates);
  const cluster = createCluster(board, controls, hostNodeId(host));
  const withdraw = controls ? registerKubernetesControls(desk, client, cluster) : undefined;
  const watches = kinds.map((kind) =>
    watchKind({
      ...{ client, path: paths[kind], clock, logger, signal },
      listed: (objects) => cluster.listed(kind, objects),
      changed: (object) => cluster.changed(kind, object),
      deleted: (object) => cluster.deleted(kind, object),
    }),
  );
  await Promise.all(watches);
  withdraw?.();
  // Who leads now tells of the same nodes; here they are gone.
  cluster.clear();
}
