/** Probes that see containers which are not there: what real ones send, over real streams. */
import { Client, credentials } from '@grpc/grpc-js';
import {
  connectMethod,
  createFrameEncoder,
  diffReports,
  observeMetrics,
  observeNode,
  probeMessage,
  type Report,
  type ReportNode,
  type Sighting,
  type Template,
  type Topology,
  topologyOf,
} from '@orchestrator/report';

export interface FleetProbe {
  /** Everything it knows. */
  sendAll(): void;
  /** New values of all metrics of all containers. */
  tick(): void;
  /** A container that changes its state. */
  change(index: number, state: string): void;
  close(): void;
}

const labelsPerContainer = 8;
const images = 40;

const metadata = (id: string, label: string, priority: number): Template => ({
  ...{ kind: 'metadata', id, label, priority, from: 'latest', dataType: '', truncate: 0 },
});
const metric = (id: string, label: string, priority: number): Template => ({
  ...{ kind: 'metric', id, label, priority, format: 'percent', group: '' },
});
const labels: Template = {
  ...{ kind: 'table', id: 'docker_label_', label: 'Labels', prefix: 'docker_label_', type: 'property-list' },
  ...{ columns: [], fixedRows: {} },
};
const { templates } = topologyOf([
  metadata('docker_container_state', 'State', 1),
  metadata('docker_image_name', 'Image', 2),
  metadata('docker_container_created', 'Created', 3),
  metric('docker_cpu_total_usage', 'CPU', 1),
  metric('docker_memory_usage', 'Memory', 2),
  labels,
]);

const topology = (nodes: Iterable<readonly [string, ReportNode]>): Topology => ({
  nodes: new Map(nodes),
  templates: new Map(),
});

/** 64 hexadecimal digits that differ from the first on, as Docker's do. */
export const containerId = (probe: number, index: number): string =>
  `${((probe * 100_003 + index) * 2_654_435_761).toString(16).padStart(16, '0').repeat(4)};<container>`;

/** A probe with its containers, a process and a connection each, on one host. */
export function createFleetProbe(place: string, number: number, containers: number): FleetProbe {
  const probeId = `probe-${number}`;
  const hostId = `host-${number};<host>`;
  const client = new Client(place, credentials.createInsecure());
  const stream = client.makeBidiStreamRequest(
    connectMethod.path,
    connectMethod.requestSerialize,
    connectMethod.responseDeserialize,
  );
  const encoder = createFrameEncoder();
  const hello = { probeId, hostName: `host-${number}`, version: '1', frameVersion: 1 };
  stream.on('error', (error) => process.stderr.write(`probe ${number}: ${error.message}\n`));
  stream.on('data', () => undefined);
  stream.write(probeMessage({ case: 'hello', value: hello }));
  const send = (report: Report, full: boolean) =>
    stream.write(probeMessage({ case: 'report', value: encoder.frame({ probeId, full, report }) }));

  const address = (index: number) => `10.${number}.${index >> 8}.${index & 255}`;
  const seen = (sighting: Sighting, before?: ReportNode) =>
    observeNode(before, sighting, Date.now(), probeId);
  const container = (index: number, state: string): Sighting => {
    const latest: Record<string, string> = {
      ...{ docker_container_name: `app-${number}-${index}`, docker_container_state: state },
      ...{ docker_image_name: `registry/image-${index % images}:1.0`, host_node_id: hostId },
      docker_container_created: '2026-01-01T00:00:00Z',
    };
    for (let label = 0; label < labelsPerContainer; label++)
      latest[`docker_label_l${label}`] = `value ${index % 97}`;
    const sets = { docker_container_ips_with_scopes: [`;${address(index)}`] };
    return { latest, sets, parents: { host: [hostId] } };
  };
  const indexes = Array.from({ length: containers }, (_, index) => index);
  let known: ReadonlyMap<string, ReportNode> = new Map(
    indexes.map((index) => [containerId(number, index), seen(container(index, 'running'))]),
  );
  let ticks = 0;

  const measured = () => {
    ticks++;
    let index = 0;
    return new Map(
      Array.from(known, ([id, node]) => {
        index++;
        const cpu = { value: ((index * 7 + ticks * 13) % 1_000) / 10, min: 0, max: 100 };
        const memory = { value: 1e6 * ((index + ticks) % 500), min: 0, max: 1e9 };
        return [
          id,
          observeMetrics(node, { docker_cpu_total_usage: cpu, docker_memory_usage: memory }, Date.now()),
        ];
      }),
    );
  };
  const reportOf = (nodes: ReadonlyMap<string, ReportNode>): Report => ({
    topologies: new Map([['container', topology(nodes)]]),
  });
  const sendDifference = (after: ReadonlyMap<string, ReportNode>) => {
    send(diffReports(reportOf(known), reportOf(after)), false);
    known = after;
  };

  const others = (): [string, Topology][] => {
    const networks = { local_networks: ['10.0.0.0/8'] };
    const host = seen({ latest: { host_name: `host-${number}` }, sets: networks });
    const processes = indexes.map((index): [string, ReportNode] => [
      `host-${number};${1_000 + index}`,
      seen({
        latest: { pid: String(1_000 + index), name: 'server' },
        parents: { container: [containerId(number, index)], host: [hostId] },
      }),
    ]);
    const endpoints = indexes.map((index): [string, ReportNode] => {
      const edge = { connections: 2, opened: 5, sentBytesPerS: 1_000, receivedBytesPerS: 500 };
      const edges = new Map([[`;${address((index * 7 + 1) % containers)};80`, edge]]);
      const latest = { pid: String(1_000 + index), host_node_id: hostId };
      return [`;${address(index)};40000`, seen({ latest, edges })];
    });
    return [
      ['host', topology([[hostId, host]])],
      ['process', topology(processes)],
      ['endpoint', topology(endpoints)],
    ];
  };

  return {
    sendAll() {
      known = measured();
      send({ topologies: new Map([['container', { nodes: known, templates }], ...others()]) }, true);
    },
    tick: () => sendDifference(measured()),
    change(index, state) {
      const id = containerId(number, index);
      sendDifference(new Map(known).set(id, seen(container(index, state), known.get(id))));
    },
    close() {
      stream.end();
      client.close();
    },
  };
}
