/** What a server says of itself: `mntr` where it may, else `srvr`, which every server answers. */

export interface ServerState {
  /** `leader`, `follower`, `observer`, `standalone`; empty while it serves nobody. */
  readonly role: string;
  readonly version: string;
  readonly figures: Readonly<Record<ServerFigure, number | undefined>>;
}

/** Metrics of a node and where they come from: keys of `mntr`, and of `srvr`. */
const sources = {
  zookeeper_connections: ['zk_num_alive_connections', 'Connections'],
  zookeeper_outstanding: ['zk_outstanding_requests', 'Outstanding'],
  zookeeper_latency_ms: ['zk_avg_latency', ''],
  zookeeper_znodes: ['zk_znode_count', 'Node count'],
  zookeeper_watches: ['zk_watch_count', ''],
  zookeeper_ephemerals: ['zk_ephemerals_count', ''],
  zookeeper_data_bytes: ['zk_approximate_data_size', ''],
  zookeeper_synced_followers: ['zk_synced_followers', ''],
  zookeeper_open_files: ['zk_open_file_descriptor_count', ''],
  zookeeper_packets: ['zk_packets_received', 'Received'],
} as const;

export type ServerFigure = keyof typeof sources;

const numberFrom = (text: string | undefined): number | undefined => {
  const value = text === undefined || text === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
};

function figuresFrom(lines: ReadonlyMap<string, string>, which: 0 | 1): ServerState['figures'] {
  const entries = Object.entries(sources).map(([figure, keys]) => [
    figure,
    numberFrom(lines.get(keys[which])),
  ]);
  return Object.fromEntries(entries);
}

const pairs = (answer: string, pattern: RegExp) =>
  new Map(
    answer.split('\n').flatMap((line): [string, string][] => {
      const [, key, value] = pattern.exec(line) ?? [];
      return key === undefined || value === undefined ? [] : [[key, value.trim()]];
    }),
  );

/** Undefined for a refusal: the word is not on the server's list. */
export function parseMonitor(answer: string): ServerState | undefined {
  const lines = pairs(answer, /^(zk_\w+)\t(.*)$/);
  const role = lines.get('zk_server_state');
  if (role === undefined) return undefined;
  const version = (lines.get('zk_version') ?? '').split(/[-,]/, 1)[0] ?? '';
  return { role, version, figures: figuresFrom(lines, 0) };
}

/** Undefined for a server that serves nobody. */
export function parseServer(answer: string): ServerState | undefined {
  const lines = pairs(answer, /^([A-Z][A-Za-z/ ]+): (.*)$/);
  const role = lines.get('Mode');
  if (role === undefined) return undefined;
  const version = (lines.get('Zookeeper version') ?? '').split(/[-,]/, 1)[0] ?? '';
  const [, average] = /^\S+?\/([\d.]+)\//.exec(lines.get('Latency min/avg/max') ?? '') ?? [];
  return { role, version, figures: { ...figuresFrom(lines, 1), zookeeper_latency_ms: numberFrom(average) } };
}
