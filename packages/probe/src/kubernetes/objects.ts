/** The parts of Kubernetes' objects that are shown; all else is forgotten as soon as it is read. */
import { isSecretName, maskedValue } from '@orchestrator/runtime/secrets';
import { type Json, numberOf, objectOf, objectsOf, textOf, textsOf } from '../json/read.ts';

export interface Owner {
  readonly kind: string;
  readonly uid: string;
}

export interface KubeObject {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly owners: readonly Owner[];
  /** Leaves of its kind. */
  readonly facts: Readonly<Record<string, string | undefined>>;
  readonly lists: Readonly<Record<string, readonly string[]>>;
  /** Of a service: labels of its pods. */
  readonly selector: Readonly<Record<string, string>> | undefined;
  /** Of a pod: the node that it was given to. */
  readonly nodeName: string;
}

interface Parts {
  readonly facts?: KubeObject['facts'];
  readonly lists?: KubeObject['lists'];
  readonly selector?: KubeObject['selector'];
  readonly nodeName?: string;
}

const texts = (value: unknown): string | undefined => {
  const [text] = Object.values(textsOf({ value }));
  return text === '' ? undefined : text;
};

function podParts(spec: Json, status: Json, metadata: Json): Parts {
  const containers = objectsOf(status.containerStatuses);
  const waiting = containers
    .map(({ state }) => textOf(objectOf(objectOf(state).waiting).reason))
    .find((one) => one !== '');
  const isLeaving = metadata.deletionTimestamp !== undefined;
  return {
    nodeName: textOf(spec.nodeName),
    facts: {
      kubernetes_state: isLeaving ? 'Terminating' : (waiting ?? texts(status.phase)),
      kubernetes_ip: texts(status.podIP),
      kubernetes_node_name: texts(spec.nodeName),
      kubernetes_restart_count: String(
        containers.reduce((sum, { restartCount }) => sum + numberOf(restartCount), 0),
      ),
      kubernetes_ready: `${containers.filter(({ ready }) => ready === true).length}/${objectsOf(spec.containers).length}`,
      kubernetes_is_in_host_network: spec.hostNetwork === true ? 'true' : undefined,
    },
    lists: { kubernetes_containers: objectsOf(spec.containers).map(({ name }) => textOf(name)) },
  };
}

function serviceParts(spec: Json, status: Json): Parts {
  const ingress = objectsOf(objectOf(status.loadBalancer).ingress);
  const ports = objectsOf(spec.ports).map(
    ({ port, targetPort, nodePort, protocol }) =>
      `${numberOf(port)}${nodePort === undefined ? '' : `:${numberOf(nodePort)}`}->${texts(targetPort) ?? numberOf(port)}/${textOf(protocol) || 'TCP'}`,
  );
  return {
    selector: textsOf(spec.selector),
    facts: {
      kubernetes_type: texts(spec.type),
      kubernetes_ip: spec.clusterIP === 'None' ? undefined : texts(spec.clusterIP),
      kubernetes_public_ip: texts(ingress[0]?.ip) ?? texts(ingress[0]?.hostname),
    },
    lists: { kubernetes_ports: ports },
  };
}

const replicas = (desired: unknown, ready: unknown): Parts => ({
  facts: { kubernetes_desired_replicas: texts(desired), kubernetes_ready_replicas: String(numberOf(ready)) },
});

function nodeParts(_spec: Json, status: Json): Parts {
  const info = objectOf(status.nodeInfo);
  const ready = objectsOf(status.conditions).find(({ type }) => type === 'Ready');
  return {
    facts: {
      kubernetes_node_ready: texts(ready?.status),
      kubernetes_kubelet_version: texts(info.kubeletVersion),
      kubernetes_runtime: texts(info.containerRuntimeVersion),
    },
    lists: { kubernetes_addresses: objectsOf(status.addresses).map(({ address }) => textOf(address)) },
  };
}

/** What is read of each kind beside its metadata. */
export const partsOf = {
  pod: podParts,
  service: serviceParts,
  deployment: (spec: Json, status: Json) => replicas(spec.replicas, status.readyReplicas),
  stateful_set: (spec: Json, status: Json) => replicas(spec.replicas, status.readyReplicas),
  daemon_set: (_spec: Json, status: Json) => replicas(status.desiredNumberScheduled, status.numberReady),
  replica_set: (): Parts => ({}),
  job: (_spec: Json, status: Json): Parts => ({
    facts: {
      kubernetes_active: String(numberOf(status.active)),
      kubernetes_succeeded: String(numberOf(status.succeeded)),
      kubernetes_failed: String(numberOf(status.failed)),
    },
  }),
  cron_job: (spec: Json, status: Json): Parts => ({
    facts: {
      kubernetes_schedule: texts(spec.schedule),
      kubernetes_suspended: spec.suspend === true ? 'yes' : 'no',
      kubernetes_last_scheduled: texts(status.lastScheduleTime),
    },
  }),
  namespace: (_spec: Json, status: Json): Parts => ({ facts: { kubernetes_state: texts(status.phase) } }),
  node: nodeParts,
} satisfies Record<string, (spec: Json, status: Json, metadata: Json) => Parts>;

export type Kind = keyof typeof partsOf;

const shown = (labels: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(labels).map(([key, value]) => [key, isSecretName(key) ? maskedValue : value]),
  );

/** Undefined for what has no uid. */
export function parseObject(kind: Kind, json: Json): KubeObject | undefined {
  const metadata = objectOf(json.metadata);
  const uid = textOf(metadata.uid);
  if (uid === '') return undefined;
  const parts: Parts = partsOf[kind](objectOf(json.spec), objectOf(json.status), metadata);
  return {
    uid,
    name: textOf(metadata.name),
    namespace: textOf(metadata.namespace),
    labels: shown(textsOf(metadata.labels)),
    owners: objectsOf(metadata.ownerReferences).map((owner) => ({
      kind: textOf(owner.kind),
      uid: textOf(owner.uid),
    })),
    facts: { kubernetes_created: texts(metadata.creationTimestamp), ...parts.facts },
    lists: parts.lists ?? {},
    selector: parts.selector,
    nodeName: parts.nodeName ?? '',
  };
}
