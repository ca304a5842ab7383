/** From Kubernetes' objects to nodes. */
import type { Sighting } from '@orchestrator/report';
import type { Kind, KubeObject, Owner } from './objects.ts';

/** As Scope called them, so that links into its views go on working. */
const suffixes: Readonly<Record<Kind, string>> = {
  pod: 'pod',
  service: 'service',
  deployment: 'deployment',
  stateful_set: 'statefulset',
  daemon_set: 'daemonset',
  replica_set: 'replicaset',
  job: 'job',
  cron_job: 'cronjob',
  namespace: 'namespace',
  node: 'host',
};

/** Nodes of the cluster are hosts, which are called by their names. */
export const kubeNodeId = (kind: Kind, { uid, name }: Pick<KubeObject, 'uid' | 'name'>): string =>
  `${kind === 'node' ? name : uid};<${suffixes[kind]}>`;

/** The topology of the report; undefined for what is only looked at for the sake of others. */
export const topologyOf = (kind: Kind): string | undefined =>
  kind === 'replica_set' ? undefined : kind === 'node' ? 'host' : kind;

const controllerKinds: Readonly<Record<string, Kind>> = {
  Deployment: 'deployment',
  StatefulSet: 'stateful_set',
  DaemonSet: 'daemon_set',
  Job: 'job',
  CronJob: 'cron_job',
};

export interface Relations {
  /** Owners of a replica set. */
  readonly ownersOf: (replicaSetUid: string) => readonly Owner[];
  /** Services of a namespace. */
  readonly servicesIn: (namespace: string) => readonly KubeObject[];
}

function controllersOf(object: KubeObject, { ownersOf }: Relations): Record<string, string[]> {
  const parents: Record<string, string[]> = {};
  const owners = object.owners.flatMap((owner) =>
    owner.kind === 'ReplicaSet' ? ownersOf(owner.uid) : [owner],
  );
  for (const { kind, uid } of owners) {
    const known = controllerKinds[kind];
    if (known !== undefined) parents[known] = [kubeNodeId(known, { uid, name: '' })];
  }
  return parents;
}

const selects = ({ selector = {} }: KubeObject, labels: KubeObject['labels']) => {
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
};

function parentsOf(kind: Kind, object: KubeObject, relations: Relations): Record<string, string[]> {
  const controllers = controllersOf(object, relations);
  if (kind !== 'pod') return controllers;
  const services = relations
    .servicesIn(object.namespace)
    .filter((service) => selects(service, object.labels))
    .map((service) => kubeNodeId('service', service));
  return {
    ...controllers,
    ...(services.length === 0 ? {} : { service: services }),
    ...(object.nodeName === '' ? {} : { host: [kubeNodeId('node', { uid: '', name: object.nodeName })] }),
  };
}

const controlsOf: Partial<Record<Kind, readonly string[]>> = {
  pod: ['kubernetes_get_logs', 'kubernetes_delete_pod'],
  deployment: ['kubernetes_scale_up', 'kubernetes_scale_down', 'kubernetes_scale'],
  stateful_set: ['kubernetes_scale_up', 'kubernetes_scale_down', 'kubernetes_scale'],
};

export function describeObject(
  kind: Kind,
  object: KubeObject,
  relations: Relations,
  controls: boolean,
): Sighting {
  const { name, namespace, labels, facts, lists } = object;
  const called =
    kind === 'node'
      ? { host_name: name, host_node_id: kubeNodeId('node', object) }
      : { kubernetes_name: name };
  return {
    latest: {
      ...called,
      kubernetes_namespace: namespace === '' ? undefined : namespace,
      ...(kind === 'pod' && object.nodeName !== ''
        ? { host_node_id: kubeNodeId('node', { uid: '', name: object.nodeName }) }
        : {}),
      ...facts,
      ...Object.fromEntries(
        Object.entries(labels).map(([key, value]) => [`kubernetes_labels_${key}`, value]),
      ),
    },
    sets: lists,
    parents: parentsOf(kind, object, relations),
    ...(controls ? { controls: controlsOf[kind] ?? [] } : {}),
  };
}
