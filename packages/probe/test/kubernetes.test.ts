/**
 * Against an API server written for it: there is none to be had as a package, on Debian or npm, that a test could start. What is
 * checked is what a real one is hard to bring to: pages, cut watches, versions that are too old, a lease that runs out.
 */
import { waitFor } from '@orchestrator/testing';
import { afterEach, expect, it } from 'vitest';
import { kubernetesSource } from '../src/kubernetes/source.ts';
import { startKubeApi } from './kube-api.ts';
import { latest, parents, type Watching, watch, watchAs } from './watching.ts';

/** Of a probe that watches: short, as another one takes over after it, and long enough to be renewed on a busy machine. */
const shortLeaseMs = 2_000;
const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

const metadata = (name: string, more: object = {}) => ({
  ...{ name, namespace: 'shop', uid: `uid-${name}`, creationTimestamp: '2026-11-23T10:00:00Z' },
  ...more,
});
const owned = (kind: string, name: string) => ({ ownerReferences: [{ kind, name, uid: `uid-${name}` }] });
const pod = (name: string, phase = 'Running', more: object = {}) => ({
  kind: 'Pod',
  metadata: metadata(name, { labels: { app: 'web' }, ...owned('ReplicaSet', 'web-5f'), ...more }),
  spec: { nodeName: 'node-1', containers: [{ name: 'main' }] },
  status: { phase, podIP: '10.1.0.7', containerStatuses: [{ ready: true, restartCount: 2 }] },
});

async function startCluster(pageSize?: number) {
  const api = await startKubeApi({ token: 't', ...(pageSize === undefined ? {} : { pageSize }) });
  undo.push(() => api.close());
  const scaled = {
    kind: 'Deployment',
    metadata: metadata('web'),
    spec: { replicas: 2 },
    status: { readyReplicas: 2 },
  };
  api.put('deployments', scaled);
  api.put('replicasets', { kind: 'ReplicaSet', metadata: metadata('web-5f', owned('Deployment', 'web')) });
  api.put('services', {
    kind: 'Service',
    metadata: metadata('front'),
    spec: {
      selector: { app: 'web' },
      clusterIP: '10.2.0.1',
      type: 'NodePort',
      ports: [{ port: 80, nodePort: 30080, targetPort: 'http' }],
    },
  });
  api.put('nodes', {
    kind: 'Node',
    metadata: { name: 'node-1', uid: 'uid-n' },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  });
  api.put('namespaces', {
    kind: 'Namespace',
    metadata: { name: 'shop', uid: 'uid-shop' },
    status: { phase: 'Active' },
  });
  for (const name of ['a', 'b', 'c']) api.put('pods', pod(name));
  return api;
}

function watching(url: string, leaseMs = shortLeaseMs): Watching {
  const seen = watch(kubernetesSource({ api: url, token: () => 't', leaseMs }));
  undo.push(() => seen.stop());
  return seen;
}

const pods = (seen: Watching) => seen.ids('pod').join();
const three = 'uid-a;<pod>,uid-b;<pod>,uid-c;<pod>';

it('pods with their services, controllers and nodes, listed in pages', async () => {
  const api = await startCluster(2);
  const seen = watching(api.url);
  await seen.until('the pods', () => pods(seen) === three);
  await seen.until('all watches', () => api.watching() === 10);
  const node = seen.node('pod', 'uid-a;<pod>');
  expect(parents(node, 'service')).toEqual(['uid-front;<service>']);
  expect(parents(node, 'deployment')).toEqual(['uid-web;<deployment>']);
  expect(parents(node, 'host')).toEqual(['node-1;<host>']);
  expect(latest(node, 'kubernetes_labels_app')).toBe('web');
  expect(latest(node, 'kubernetes_restart_count')).toBe('2');
  expect(latest(seen.node('host', 'node-1;<host>'), 'kubernetes_node_ready')).toBe('True');
  expect(seen.ids('namespace')).toEqual(['uid-shop;<namespace>']);
  api.delete('services', 'uid-front');
  await seen.until('a service to go', () => parents(seen.node('pod', 'uid-a;<pod>'), 'service').length === 0);
});

it('changes come at once, also after a cut, from where it was', async () => {
  const api = await startCluster();
  const seen = watching(api.url);
  await seen.until('all watches', () => api.watching() === 10);
  api.put('pods', pod('a', 'Failed'));
  await seen.until(
    'a change',
    () => latest(seen.node('pod', 'uid-a;<pod>'), 'kubernetes_state') === 'Failed',
  );
  api.bookmark('pods');
  const lists = () => api.calls.filter((call) => call === 'GET pods').length;
  const before = lists();
  await seen.until('the bookmark to arrive', () => true);
  api.cutWatches();
  api.delete('pods', 'uid-b');
  await seen.until('what happened meanwhile', () => pods(seen) === 'uid-a;<pod>,uid-c;<pod>');
  expect(lists()).toBe(before);
});

it('a version that is too old: all of it anew, and what is gone goes', async () => {
  const api = await startCluster();
  const seen = watching(api.url);
  await seen.until('all watches', () => api.watching() === 10);
  api.cutWatches({ forget: true });
  api.delete('pods', 'uid-c');
  api.cutWatches({ forget: true });
  await seen.until('the others', () => pods(seen) === 'uid-a;<pod>,uid-b;<pod>');
  expect(api.calls.filter((call) => call === 'GET pods').length).toBeGreaterThan(1);
});

it('one probe of a cluster watches; when it ends, another one does', async () => {
  const api = await startCluster();
  const first = watchAs('first', kubernetesSource({ api: api.url, token: () => 't', leaseMs: shortLeaseMs }));
  await first.until('the pods', () => pods(first) === three);
  const second = watching(api.url);
  await new Promise((resolve) => setTimeout(resolve, 1.2 * shortLeaseMs));
  expect(second.ids('pod')).toEqual([]);
  await first.stop();
  await second.until('the pods', () => pods(second) === three);
  expect(api.get('leases', 'orchestrator-probe')?.spec?.leaseDurationSeconds).toBe(2);
});

it('who loses the lease shows nothing any more', async () => {
  const api = await startCluster();
  const seen = watching(api.url);
  await seen.until('the pods', () => pods(seen) === three);
  const lease = api.get('leases', 'orchestrator-probe');
  if (lease === undefined) throw new Error('there is no lease');
  api.put('leases', { ...lease, spec: { ...lease.spec, holderIdentity: 'other', leaseDurationSeconds: 60 } });
  await seen.until('the pods to go', () => pods(seen) === '');
});

it('scale, delete and logs', async () => {
  const api = await startCluster();
  const seen = watching(api.url);
  await seen.until('all watches', () => api.watching() === 10);
  const call = (nodeId: string, control: string, args: Record<string, string> = {}) =>
    seen.probe.controls.call({ nodeId, control, arguments: args });
  const replicas = () => api.get('deployments', 'web')?.spec?.replicas;
  expect(await call('uid-web;<deployment>', 'kubernetes_scale_up')).toEqual({ value: '3' });
  expect(await call('uid-web;<deployment>', 'kubernetes_scale', { replicas: '0' })).toEqual({ value: '0' });
  expect(await call('uid-web;<deployment>', 'kubernetes_scale_down')).toEqual({ value: '0' });
  expect(replicas()).toBe(0);
  await expect(call('uid-web;<deployment>', 'kubernetes_scale', { replicas: '-1' })).rejects.toThrow(
    'no number',
  );
  await expect(call('uid-x;<pod>', 'kubernetes_delete_pod')).rejects.toThrow('not known');
  const { pipe } = await call('uid-a;<pod>', 'kubernetes_get_logs');
  let log = '';
  pipe?.on('data', (chunk) => {
    log += String(chunk);
  });
  pipe?.on('error', () => undefined); // it is cut off below
  await waitFor(() => log === 'log of a/main\n' || undefined, { what: 'the log', timeoutMs: 60_000 });
  pipe?.destroy();
  await call('uid-a;<pod>', 'kubernetes_delete_pod');
  await seen.until('the pod to go', () => seen.node('pod', 'uid-a;<pod>') === undefined);
});
