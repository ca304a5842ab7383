import { expect, test } from 'vitest';
import { captureNodes, scopeCapture, scopeReport } from '../../test-data/fixtures.ts';
import { findView, viewDefinitions } from './definitions.ts';
import { detailOf } from './detail.ts';
import { createRenderer, statsOf, type View } from './renderer.ts';
import type { NodeSummary } from './summary.ts';

const report = scopeReport();

function viewOf(id: string, options: Record<string, string> = {}): View {
  const view = findView(id);
  if (view === undefined) throw new Error(id);
  return createRenderer().render(report, { view, options, query: '' });
}

const without = (node: Record<string, unknown>, key: string) =>
  Object.fromEntries(Object.entries(node).filter(([name]) => name !== key));

const summaryOf = (view: string, id: string) => viewOf(view).nodes.get(id)?.summary;

/** Values that differ because the report was captured a moment before the view. */
const moments = new Set(['docker_container_uptime', 'docker_container_state_human', 'uptime']);
type Row = { id: string };
const steady = (rows: unknown) => (rows as Row[] | undefined)?.filter(({ id }) => !moments.has(id));
/** Names and types of a metric's members, since the values were of that moment. */
const metricShape = (rows: unknown) =>
  (rows as Record<string, unknown>[] | undefined)?.map((row) => ({
    ...row,
    ...{ value: typeof row.value, min: typeof row.min, max: typeof row.max },
    samples: row.samples === null ? null : 'samples',
  }));

function comparable(node: Record<string, unknown> | undefined) {
  const { adjacency: _adjacency, flows: _flows, metrics, metadata, ...rest } = node ?? {};
  return { ...rest, metadata: steady(metadata), metrics: metricShape(metrics) };
}

test.each(['containers', 'hosts'])('%s are told as Scope tells them', (name) => {
  const captured = Object.entries(captureNodes(name)).filter(([, node]) => node.pseudo !== true);
  expect(captured.length).toBeGreaterThan(0);
  for (const [id, node] of captured) {
    expect(comparable(summaryOf(name, id) as unknown as Record<string, unknown>)).toEqual(comparable(node));
  }
});

test('processes have the members and rows that Scope gives them', () => {
  const captured = captureNodes('processes')['vm;11375'] as unknown as NodeSummary;
  const mine = summaryOf('processes', 'vm;11078');
  const ids = (rows: readonly Row[] | undefined) => rows?.map(({ id }) => id);
  expect(Object.keys(mine ?? {})).toEqual(Object.keys(captured).filter((key) => key !== 'adjacency'));
  expect(ids(mine?.metadata)).toEqual(ids(captured.metadata));
  expect(mine?.label).toBe('/bin/sh');
  expect(mine?.labelMinor).toBe('vm (11078)');
  expect(mine?.parents).toEqual([{ id: 'vm;<host>', label: 'vm', topologyId: 'hosts' }]);
});

test('groups by host name are told as Scope tells them', () => {
  for (const [id, node] of Object.entries(captureNodes('containers-by-hostname'))) {
    expect(summaryOf('containers-by-hostname', id)).toMatchObject(without(node, 'adjacency'));
  }
});

test('groups by image are told as Scope tells them, with the number of containers there are', () => {
  const { adjacency: _, ...captured } = captureNodes('containers-by-image')['bb;<container_image>']!;
  const counted = JSON.parse(JSON.stringify(captured).replaceAll('21', '4'));
  const {
    adjacency: _adjacency,
    flows: _flows,
    ...summary
  } = summaryOf('containers-by-image', 'bb;<container_image>')!;
  expect(summary).toEqual(counted);
});

test('pseudo nodes have the ids, names and shapes of Scope', () => {
  const internet = captureNodes('containers')['out-theinternet'];
  expect(summaryOf('containers', 'out-theinternet')).toEqual(internet);
  const { adjacency: _, ...rest } = captureNodes('containers')['pseudo:uncontained:vm']!;
  expect(summaryOf('containers', 'pseudo:uncontained:vm')).toMatchObject(rest);
});

test('edges go from who opens a connection, through processes and addresses, to the internet too', () => {
  const containers = viewOf('containers').nodes;
  expect(containers.get('pseudo:uncontained:vm')?.summary.adjacency).toEqual(['out-theinternet']);
  expect(viewOf('hosts').nodes.get('vm;<host>')?.summary.adjacency).toContain('out-theinternet');
});

test('options filter as in Scope, and no options at all filter nothing', () => {
  expect(viewOf('containers').nodes.has('pseudo:uncontained:vm')).toBe(true);
  const view = viewOf('containers', {
    pseudo: 'hide',
    system: 'application',
    stopped: 'running',
  });
  expect([...view.nodes.keys()].filter((id) => id.startsWith('pseudo:'))).toEqual([]);
  expect(view.nodes.has('out-theinternet')).toBe(false);
  expect(statsOf(view)).toMatchObject({ nodeCount: 4, nonPseudoNodeCount: 4, filteredNodes: 2 });
  expect(viewOf('containers', { stopped: 'stopped', pseudo: 'hide' }).nodes.size).toBe(0);
});

test('details of a container hold what Scope shows of it', () => {
  const { node } = scopeCapture('detail-container') as { node: Record<string, unknown> };
  const id = String(node.id);
  const detail = detailOf(report, viewOf('containers'), id, () => ['22b1600fc96f0bcb']);
  const { children, connections, controls, ...captured } = node;
  const { children: _, connections: tables, controls: offered, ...own } = detail as unknown as typeof node;
  expect(comparable(own)).toEqual(comparable(captured));
  const names = (rows: unknown) => (rows as Row[]).map((row) => row.id).sort();
  expect(names(offered)).toEqual(names(controls));
  expect((offered as object[])[0]).toMatchObject({ probeId: '22b1600fc96f0bcb', nodeId: id });
  const heads = (list: unknown) =>
    (list as Record<string, unknown>[]).map(({ connections: _rows, ...head }) => head);
  expect(heads(tables)).toEqual(heads(connections));
  expect(children).toBeDefined();
});

test('details of the internet name what is there by address and name', () => {
  const { node } = scopeCapture('detail-internet') as { node: { connections: { connections: object[] }[] } };
  const detail = detailOf(report, viewOf('containers'), 'out-theinternet', () => []);
  const [incoming] = detail?.connections ?? [];
  const [captured] = node.connections[0]?.connections ?? [];
  expect(incoming?.connections[0]).toMatchObject({
    ...captured,
    metadata: [{ id: 'remote' }, { id: 'port', value: '443' }, { id: 'count' }],
  });
});

test('details of a host hold its containers, processes and images', () => {
  const { node } = scopeCapture('detail-host') as {
    node: { children: { label: string; columns: object[] }[] };
  };
  const detail = detailOf(report, viewOf('hosts'), 'vm;<host>', () => ['p']);
  const heads = (groups: readonly { label: string; columns: readonly object[] }[] | undefined) =>
    groups?.map(({ label, columns }) => ({ label, columns }));
  expect(heads(detail?.children)).toEqual(heads(node.children));
});

test('the list of views is that of Scope, with the same options, and ours after it', () => {
  const captured = scopeCapture('topologies') as {
    name: string;
    url: string;
    sub_topologies?: { url: string }[];
  }[];
  const urls = captured.flatMap(({ url, sub_topologies: below = [] }) => [
    url,
    ...below.map((sub) => sub.url),
  ]);
  const ours = new Set(viewDefinitions.map(({ id }) => `/api/topology/${id}`));
  expect(urls.filter((url) => !ours.has(url))).toEqual([]);
});
