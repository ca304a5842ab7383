import { Duplex, Writable } from 'node:stream';
import type { ControlCall, ControlDesk, ControlHandler } from '../control/desk.ts';
import { ProbeError } from '../errors.ts';
import type { JsonClient } from '../http/json-client.ts';
import { numberOf, objectOf } from '../json/read.ts';
import type { Cluster } from './cluster.ts';
import type { Kind, KubeObject } from './objects.ts';

const defaultTail = 1000;
/** More is a mistake. */
const mostReplicas = 10_000;

const scalable: readonly (readonly [Kind, path: string])[] = [
  ['deployment', 'deployments'],
  ['stateful_set', 'statefulsets'],
];

function unknownNode({ nodeId }: ControlCall): ProbeError {
  return new ProbeError(`"${nodeId}" is not known to this probe`, {
    code: 'not-found',
    remedy: 'it may be gone, or another probe watches the cluster now: look again',
  });
}

function wholeNumber(text: string | undefined, preset: number, what: string, most: number): number {
  const value = text === undefined ? preset : Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new ProbeError(`"${text}" is no ${what}`, { code: 'invalid', remedy: `write 0 to ${most}` });
}

/** Makes the controls of a cluster available; returns what takes them away. */
export function registerKubernetesControls(
  desk: ControlDesk,
  client: JsonClient,
  cluster: Cluster,
): () => void {
  const podOf = (call: ControlCall): KubeObject => {
    const pod = cluster.find('pod', call.nodeId);
    if (pod === undefined) throw unknownNode(call);
    return pod;
  };
  const pathOf = ({ namespace, name }: KubeObject) =>
    `/namespaces/${encodeURIComponent(namespace)}/PLURAL/${encodeURIComponent(name)}`;
  const podPath = (pod: KubeObject) => `/api/v1${pathOf(pod).replace('PLURAL', 'pods')}`;

  const scalePath = (call: ControlCall): string => {
    for (const [kind, plural] of scalable) {
      const found = cluster.find(kind, call.nodeId);
      if (found !== undefined) return `/apis/apps/v1${pathOf(found).replace('PLURAL', plural)}/scale`;
    }
    throw unknownNode(call);
  };

  const setReplicas = async (path: string, replicas: number, resourceVersion?: unknown): Promise<object> => {
    const body = {
      ...(resourceVersion === undefined ? {} : { metadata: { resourceVersion } }),
      spec: { replicas },
    };
    await client.json(path, { method: 'PATCH', body, contentType: 'application/merge-patch+json' });
    return { value: String(replicas) };
  };

  /** By one from what it is now; if somebody else was faster, nothing is done and the answer says so. */
  const step =
    (by: 1 | -1): ControlHandler =>
    async (call) => {
      const path = scalePath(call);
      const scale = objectOf(await client.json(path));
      const wanted = Math.max(0, numberOf(objectOf(scale.spec).replicas) + by);
      return setReplicas(path, wanted, objectOf(scale.metadata).resourceVersion);
    };

  const handlers: Record<string, ControlHandler> = {
    kubernetes_scale_up: step(1),
    kubernetes_scale_down: step(-1),
    kubernetes_scale: async (call) =>
      setReplicas(
        scalePath(call),
        wholeNumber(call.arguments.replicas, Number.NaN, 'number of replicas', mostReplicas),
      ),
    async kubernetes_delete_pod(call) {
      await client.text(podPath(podOf(call)), { method: 'DELETE' });
      return {};
    },
    async kubernetes_get_logs(call) {
      const pod = podOf(call);
      const { container = pod.lists.kubernetes_containers?.[0] ?? '' } = call.arguments;
      const tail = wholeNumber(call.arguments.tail, defaultTail, 'number of lines', 100_000);
      const query = `follow=true&tailLines=${tail}&container=${encodeURIComponent(container)}`;
      const output = await client.stream(`${podPath(pod)}/log?${query}`);
      const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
      return { pipe: Duplex.from({ readable: output, writable: nowhere }) };
    },
  };
  const withdrawals = Object.entries(handlers).map(([name, handler]) => desk.register(name, handler));
  return () => {
    for (const withdraw of withdrawals) withdraw();
  };
}
