import { type Edge, observeMetrics, observeNode, type Report, type ReportNode } from '@orchestrator/report';
import { expect, test } from 'vitest';
import { scopeReport } from '../../test-data/fixtures.ts';
import { ChangeLog } from '../collect/change-log.ts';
import { findView } from './definitions.ts';
import { createRenderer, type Renderer, statsOf } from './renderer.ts';

const templates = scopeReport().topologies;
const edge: Edge = { connections: 2, opened: 5, sentBytesPerS: 1000, receivedBytesPerS: 10 };
const containersPerHost = 50;

const hostOf = (index: number) => `host-${Math.floor(index / containersPerHost)}`;
const idOf = (index: number) => `${(index * 2654435761).toString(16).padStart(64, '0')};<container>`;
const addressOf = (index: number) => `${hostOf(index)};10.0.${(index >> 8) & 255}.${index & 255}`;

function container(index: number): ReportNode {
  const latest: Record<string, string> = {
    docker_container_name: `app-${index}`,
    docker_container_state: 'running',
    host_node_id: `${hostOf(index)};<host>`,
  };
  for (let label = 0; label < 20; label++)
    latest[`docker_label_${label}`] = `value ${label} of ${index % 100}`;
  const node = observeNode(
    undefined,
    {
      latest,
      sets: { docker_container_ips_with_scopes: [addressOf(index)] },
      parents: {
        host: [`${hostOf(index)};<host>`],
        container_image: [`img-${index % 40};<container_image>`],
      },
    },
    1000,
    'p',
  );
  return observeMetrics(node, { docker_cpu_total_usage: { value: index % 7 } }, 1000);
}

function endpoint(index: number, total: number): [string, ReportNode] {
  const target = (index * 7 + 1) % total;
  const edges = new Map([[`${addressOf(target)};80`, edge]]);
  return [`${addressOf(index)};40000`, observeNode(undefined, { edges }, 1000, 'p')];
}

function reportOf(total: number): Report {
  const indexes = Array.from({ length: total }, (_, index) => index);
  const hosts = Array.from(new Set(indexes.map(hostOf)), (host): [string, ReportNode] => [
    `${host};<host>`,
    observeNode(
      undefined,
      { latest: { host_name: host }, sets: { local_networks: ['10.0.0.0/8'] } },
      1000,
      'p',
    ),
  ]);
  const images = Array.from({ length: 40 }, (_, index): [string, ReportNode] => [
    `img-${index};<container_image>`,
    observeNode(
      undefined,
      { latest: { docker_image_name: `image-${index}`, docker_image_tag: '1' } },
      1000,
      'p',
    ),
  ]);
  const topology = (name: string, nodes: [string, ReportNode][]) =>
    [name, { nodes: new Map(nodes), templates: templates.get(name)?.templates ?? new Map() }] as const;
  return {
    topologies: new Map([
      topology('host', hosts),
      topology('container_image', images),
      topology(
        'container',
        indexes.map((index) => [idOf(index), container(index)]),
      ),
      topology(
        'endpoint',
        indexes.map((index) => endpoint(index, total)),
      ),
    ]),
  };
}

const log = new ChangeLog();

function withChanges(report: Report, count: number, timeMs: number): Report {
  const container = report.topologies.get('container');
  if (container === undefined) return report;
  const nodes = new Map(container.nodes);
  const changed = new Set([...nodes.keys()].slice(0, count));
  for (const [id, node] of [...nodes].slice(0, count)) {
    nodes.set(id, observeMetrics(node, { docker_cpu_total_usage: { value: timeMs % 97 } }, timeMs));
  }
  const after = { topologies: new Map(report.topologies).set('container', { ...container, nodes }) };
  log.add(after, new Map([['container', changed]]));
  return after;
}

/** Processor time, garbage collection included, so that it does not depend on what else the machine does. */
function timed<Value>(run: () => Value): { ms: number; value: Value } {
  const start = process.cpuUsage().user;
  const value = run();
  return { ms: Math.round((process.cpuUsage().user - start) / 100) / 10, value };
}

function rendering(renderer: Renderer, viewId: string) {
  const view = findView(viewId);
  if (view === undefined) throw new Error(viewId);
  const request = { view, options: { system: 'application', stopped: 'running', pseudo: 'hide' }, query: '' };
  return (report: Report) => timed(() => renderer.render(report, request));
}

test.each([1_000, 10_000])(
  '%i containers are rendered within limits, and unchanged ones for nothing',
  (total) => {
    const report = reportOf(total);
    log.add(report, undefined);
    rendering(createRenderer(), 'containers')(report); // lets the compiler see it once
    const renderer = createRenderer();
    const render = rendering(renderer, 'containers');
    const first = render(report);
    const same = render(report);
    const next = withChanges(report, 1, 4000);
    const one = render(next);
    const all = render(withChanges(next, total, 7000));
    const byImage = rendering(renderer, 'containers-by-image')(report);
    const json = timed(
      () => JSON.stringify([...first.value.nodes.values()].map(({ summary }) => summary)).length,
    );
    process.stderr.write(
      `views, ${total} containers, CPU: first ${first.ms} ms, unchanged ${same.ms} ms, one changed ${one.ms} ms, ` +
        `all changed ${all.ms} ms, by image ${byImage.ms} ms, JSON ${json.ms} ms for ${Math.round(json.value / 1024)} KB\n`,
    );
    expect(statsOf(first.value)).toMatchObject({ nodeCount: total, edgeCount: total });
    expect(same.value).toBe(first.value);
    expect(statsOf(byImage.value).nonPseudoNodeCount).toBe(40);
    const changed = [...one.value.nodes].filter(([id, node]) => first.value.nodes.get(id) !== node);
    expect(changed).toHaveLength(1);
    // Several times what it takes on a small machine that does other things too.
    expect(first.ms).toBeLessThan(total);
    expect(one.ms).toBeLessThan(total / 100 + 20);
  },
);
