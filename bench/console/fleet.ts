/** A monitor that knows many containers and what flows between them, without the containers. */
import {
  type Edge,
  encodeReport,
  observeMetrics,
  observeNode,
  type Report,
  type ReportNode,
} from '@orchestrator/report';
import { scopeReport } from '../../packages/monitor/test-data/fixtures.ts';

export interface FleetOptions {
  readonly containers: number;
  /** Directed, between services; each container of one talks to some of another. */
  readonly connections: number;
}

const containersPerHost = 50;
const replicas = 20;
const containerPort = 80;
const edge: Edge = { connections: 3, opened: 9, sentBytesPerS: 40_000, receivedBytesPerS: 900 };
const templates = scopeReport().topologies;

const hostOf = (index: number) => `host-${Math.floor(index / containersPerHost)}`;
const idOf = (index: number) => `${(index * 2_654_435_761).toString(16).padStart(64, '0')};<container>`;
const addressOf = (index: number) => `${hostOf(index)};10.0.${(index >> 8) & 255}.${index & 255}`;

function container(index: number, timeMs: number): ReportNode {
  const service = Math.floor(index / replicas);
  const node = observeNode(
    undefined,
    {
      latest: {
        docker_container_name: `service-${service}-${index % replicas}`,
        docker_container_state: index % 97 === 0 ? 'paused' : 'running',
        docker_image_name: `shop/service-${service}:1.${service % 5}`,
        docker_label_tier: ['front', 'api', 'store', 'batch'][service % 4] ?? '',
        host_node_id: `${hostOf(index)};<host>`,
      },
      sets: { docker_container_ips_with_scopes: [addressOf(index)] },
      parents: { host: [`${hostOf(index)};<host>`] },
    },
    timeMs,
    'fleet',
  );
  const load = ((index * 7_919) % 60) + (timeMs % 40);
  return observeMetrics(
    node,
    {
      docker_cpu_total_usage: { value: load, max: 100 },
      docker_memory_usage: { value: (load + 5) * 2 ** 20 },
    },
    timeMs,
  );
}

/** Services form a tree, as calls do; replicas of one talk to replicas of its parent, and some to a shared store. */
function targetOf(index: number, turn: number, containers: number): number {
  const service = Math.floor(index / replicas);
  const parent = turn % 3 === 2 ? 0 : Math.floor((service - 1) / 3);
  return (Math.max(0, parent) * replicas + ((index * 13 + turn * 7) % replicas)) % containers;
}

function endpoint(
  index: number,
  { containers, connections }: FleetOptions,
  timeMs: number,
): [string, ReportNode] {
  const each = Math.floor(connections / containers);
  const count = each + (index < connections % containers ? 1 : 0);
  const edges = new Map<string, Edge>();
  for (let turn = 0; edges.size < count && turn < count * 4; turn++) {
    const target = targetOf(index, turn, containers);
    if (target !== index) edges.set(`${addressOf(target)};${containerPort}`, edge);
  }
  return [`${addressOf(index)};40000`, observeNode(undefined, { edges }, timeMs, 'fleet')];
}

function reportOf(options: FleetOptions, timeMs: number): Report {
  const indexes = Array.from({ length: options.containers }, (_, index) => index);
  const hosts = Array.from(new Set(indexes.map(hostOf)), (host): [string, ReportNode] => [
    `${host};<host>`,
    observeNode(
      undefined,
      { latest: { host_name: host }, sets: { local_networks: ['10.0.0.0/8'] } },
      timeMs,
      'fleet',
    ),
  ]);
  const topology = (name: string, nodes: [string, ReportNode][]) =>
    [name, { nodes: new Map(nodes), templates: templates.get(name)?.templates ?? new Map() }] as const;
  return {
    topologies: new Map([
      topology('host', hosts),
      topology(
        'container',
        indexes.map((index) => [idOf(index), container(index, timeMs)]),
      ),
      topology(
        'endpoint',
        indexes.map((index) => endpoint(index, options, timeMs)),
      ),
    ]),
  };
}

/** Tells a monitor all of it, as a probe without a stream does; the metrics of every container differ each time. */
export async function report(url: string, options: FleetOptions): Promise<void> {
  const body = Buffer.from(
    encodeReport({ probeId: 'fleet', full: true, report: reportOf(options, Date.now()) }),
  );
  const headers = { 'content-type': 'application/x-protobuf' };
  const answer = await fetch(`${url}/api/report`, { method: 'POST', headers, body });
  if (!answer.ok) throw new Error(`the monitor refuses the fleet: ${await answer.text()}`);
}
