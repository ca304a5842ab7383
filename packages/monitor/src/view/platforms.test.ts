/** The way up and down through Mesos, Marathon and Kubernetes, and what flows between their nodes. */
import { type Edge, observeNode, type Report, type ReportNode } from '@orchestrator/report';
import { expect, test } from 'vitest';
import { findView } from './definitions.ts';
import { detailOf } from './detail.ts';
import { createRenderer } from './renderer.ts';

type Facts = Parameters<typeof observeNode>[1];

function reportOf(nodes: Readonly<Record<string, Readonly<Record<string, Facts>>>>): Report {
  const made = (facts: Readonly<Record<string, Facts>>) =>
    new Map(
      Object.entries(facts).map(([id, fact]): [string, ReportNode] => [
        id,
        observeNode(undefined, fact, 1_000, 'p'),
      ]),
    );
  return {
    topologies: new Map(
      Object.entries(nodes).map(([name, facts]) => [name, { templates: new Map(), nodes: made(facts) }]),
    ),
  };
}

const host = { host_node_id: 'h;<host>' };
const edge: Edge = { connections: 1, opened: 1, sentBytesPerS: 10, receivedBytesPerS: 20 };
const container = (name: string, ip: string, parents: Record<string, string[]>): Facts => ({
  latest: { docker_container_name: name, docker_container_state: 'running', ...host },
  sets: { docker_container_ips_with_scopes: [`;${ip}`] },
  parents: { host: ['h;<host>'], ...parents },
});

const report = reportOf({
  host: { 'h;<host>': { latest: { host_name: 'h' }, sets: { local_networks: ['10.0.0.0/8'] } } },
  mesos_framework: { 'F;<mesos_framework>': { latest: { mesos_name: 'marathon' } } },
  mesos_agent: {
    'S;<mesos_agent>': { latest: { mesos_name: 'agent-1', ...host }, parents: { host: ['h;<host>'] } },
  },
  marathon_app: {
    'F;/web;<marathon_app>': {
      latest: { marathon_id: '/web' },
      parents: { mesos_framework: ['F;<mesos_framework>'] },
    },
  },
  mesos_task: {
    'F;web.1;<mesos_task>': {
      latest: { mesos_name: 'web', mesos_state: 'running', ...host },
      parents: {
        ...{ host: ['h;<host>'], mesos_agent: ['S;<mesos_agent>'], mesos_framework: ['F;<mesos_framework>'] },
        marathon_app: ['F;/web;<marathon_app>'],
      },
    },
  },
  namespace: { 'N;<namespace>': { latest: { kubernetes_name: 'shop' } } },
  deployment: {
    'D;<deployment>': { latest: { kubernetes_name: 'db' }, parents: { namespace: ['N;<namespace>'] } },
  },
  service: {
    'V;<service>': { latest: { kubernetes_name: 'db' }, parents: { namespace: ['N;<namespace>'] } },
  },
  pod: {
    'P;<pod>': {
      latest: { kubernetes_name: 'db-0', kubernetes_namespace: 'shop', kubernetes_ip: '10.0.0.2', ...host },
      parents: {
        ...{ host: ['h;<host>'], deployment: ['D;<deployment>'], service: ['V;<service>'] },
        namespace: ['N;<namespace>'],
      },
    },
  },
  container: {
    'a;<container>': container('mesos-7f3c', '10.0.0.1', { mesos_task: ['F;web.1;<mesos_task>'] }),
    'b;<container>': container('db', '10.0.0.2', { pod: ['P;<pod>'] }),
  },
  process: {
    'h;7': {
      latest: { pid: '7', name: 'nginx', ...host },
      parents: { container: ['a;<container>'], host: ['h;<host>'] },
    },
    'h;8': { latest: { pid: '8', ppid: '7', name: 'worker', ...host }, parents: { host: ['h;<host>'] } },
  },
  endpoint: {
    ';10.0.0.1;40000': { latest: { pid: '7', ...host }, edges: new Map([[';10.0.0.2;5432', edge]]) },
  },
  zookeeper: {
    'zk-1:2181;<zookeeper>': {
      latest: { name: 'zk-1:2181', role: 'leader' },
      edges: new Map([['m;sync;<zookeeper>', edge]]),
    },
    'm;sync;<zookeeper>': {
      latest: { name: 'move', role: 'sync running' },
      edges: new Map([['zk-2:2181;<zookeeper>', edge]]),
    },
    'zk-2:2181;<zookeeper>': { latest: { name: 'zk-2:2181', role: 'follower' } },
  },
});

const renderer = createRenderer();
function detail(viewId: string, id: string) {
  const view = findView(viewId);
  if (view === undefined) throw new Error(viewId);
  const found = detailOf(report, renderer.render(report, { view, options: {}, query: '' }), id, () => ['p']);
  if (found === undefined) throw new Error(`${viewId} has no ${id}`);
  return found;
}
const children = (viewId: string, id: string) =>
  Object.fromEntries(
    (detail(viewId, id).children ?? []).map(({ label, nodes }) => [label, nodes.map((each) => each.label)]),
  );
const parents = (viewId: string, id: string) =>
  Object.fromEntries((detail(viewId, id).parents ?? []).map(({ topologyId, label }) => [topologyId, label]));

test.each([
  [
    'mesos-frameworks',
    'F;<mesos_framework>',
    { Apps: ['/web'], Tasks: ['web'], Containers: ['web'], Processes: ['nginx'] },
  ],
  ['marathon-apps', 'F;/web;<marathon_app>', { Tasks: ['web'], Containers: ['web'], Processes: ['nginx'] }],
  ['mesos-agents', 'S;<mesos_agent>', { Tasks: ['web'], Containers: ['web'], Processes: ['nginx'] }],
  ['mesos-tasks', 'F;web.1;<mesos_task>', { Containers: ['web'], Processes: ['nginx'] }],
  ['namespaces', 'N;<namespace>', { Pods: ['db-0'], Containers: ['db'] }],
  ['kube-controllers', 'D;<deployment>', { Pods: ['db-0'], Containers: ['db'] }],
  ['services', 'V;<service>', { Pods: ['db-0'], Containers: ['db'] }],
  ['pods', 'P;<pod>', { Containers: ['db'] }],
])('%s: down from %s', (view, id, expected) => {
  expect(children(view, id)).toEqual(expected);
});

test('the way up', () => {
  expect(parents('containers', 'a;<container>')).toMatchObject({ hosts: 'h', 'mesos-tasks': 'web' });
  expect(parents('mesos-tasks', 'F;web.1;<mesos_task>')).toEqual({
    ...{ hosts: 'h', 'marathon-apps': '/web', 'mesos-agents': 'agent-1', 'mesos-frameworks': 'marathon' },
  });
  expect(parents('pods', 'P;<pod>')).toEqual({
    ...{ hosts: 'h', 'kube-controllers': 'db', services: 'db', namespaces: 'shop' },
  });
});

test('the tree of processes, both ways', () => {
  expect(children('processes', 'h;7')).toEqual({ Started: ['worker'] });
  expect(parents('processes', 'h;8')).toEqual({ hosts: 'h', processes: 'nginx' });
  expect(children('processes', 'h;8')).toEqual({});
});

test('a connection has its rates, as they are to the node that is asked about', () => {
  const rows = (id: string) =>
    detail('containers', id).connections?.flatMap(({ id: direction, connections }) =>
      connections.map(({ sentBytesPerS, receivedBytesPerS }) => [
        direction,
        sentBytesPerS,
        receivedBytesPerS,
      ]),
    );
  expect(rows('a;<container>')).toEqual([['outgoing-connections', 10, 20]]);
  expect(rows('b;<container>')).toEqual([['incoming-connections', 20, 10]]);
});

test('one connection is a flow in the view of each platform', () => {
  const flows = (viewId: string, id: string) => detail(viewId, id).adjacency;
  expect(flows('containers', 'a;<container>')).toEqual(['b;<container>']);
  expect(flows('mesos-tasks', 'F;web.1;<mesos_task>')).toEqual(['pseudo:unmanaged:h']);
  expect(flows('pods', 'pseudo:unmanaged:h')).toEqual(['P;<pod>']);
  expect(flows('zookeeper', 'zk-1:2181;<zookeeper>')).toEqual(['m;sync;<zookeeper>']);
  expect(detail('zookeeper', 'zk-1:2181;<zookeeper>').labelMinor).toBe('leader');
});
