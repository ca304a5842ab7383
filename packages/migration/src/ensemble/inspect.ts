/** What each server of an ensemble says of itself, as far as it is allowed to. */
import { failureOf } from '../errors.ts';
import {
  type AskOptions,
  askServer,
  formatAddress,
  parseAddresses,
  type ServerAddress,
} from './four-letter.ts';

export interface ServerReport {
  readonly address: string;
  /** `null` when it answered. */
  readonly problem: string | null;
  readonly version: string | null;
  /** `leader`, `follower`, `observer`, `standalone` or `read-only`; `null` while it serves nobody. */
  readonly mode: string | null;
  readonly zxid: string | null;
  readonly nodes: number | null;
  /** Sessions attached to this server (`cons`), else its open connections (`srvr`) without our own question. */
  readonly connections: number | null;
  /** Where these come from, as `host:port`; empty when `cons` is not allowed. */
  readonly clients: readonly string[];
  /** Answer to `conf`, by key; empty when it is not allowed. */
  readonly conf: ReadonlyMap<string, string>;
  /** Answer to `mntr`, by key; empty when it is not allowed. */
  readonly monitor: ReadonlyMap<string, string>;
}

const notAllowed = /is not executed because it is not in the whitelist|not currently serving requests/;

function pairs(answer: string, separator: RegExp): ReadonlyMap<string, string> {
  if (notAllowed.test(answer)) return new Map();
  return new Map(
    answer.split('\n').flatMap((line) => {
      const at = line.search(separator);
      return at <= 0 ? [] : [[line.slice(0, at).trim(), line.slice(at + 1).trim()] as const];
    }),
  );
}

/** One client per line that names a session: `/10.0.0.1:5000[1](…,sid=0x1…)`. The question itself has none. */
export function parseClients(cons: string): readonly string[] {
  return cons.split('\n').flatMap((line) => {
    const found = /^\s*\/(\S+?)\[\d+\]\(.*\bsid=0x[0-9a-f]+/.exec(line);
    return found?.[1] === undefined ? [] : [found[1]];
  });
}

function unreachable(address: string, problem: string): ServerReport {
  return {
    address,
    problem,
    version: null,
    mode: null,
    zxid: null,
    nodes: null,
    connections: null,
    clients: [],
    conf: new Map(),
    monitor: new Map(),
  };
}

async function inspectServer(address: ServerAddress, options: AskOptions): Promise<ServerReport> {
  const name = formatAddress(address);
  try {
    const [srvr, cons, conf, mntr] = await Promise.all(
      ['srvr', 'cons', 'conf', 'mntr'].map((word) => askServer(address, word, options)),
    );
    const status = pairs(srvr ?? '', /:/);
    const consAllowed = !notAllowed.test(cons ?? '');
    const clients = consAllowed ? parseClients(cons ?? '') : [];
    const open = status.has('Connections') ? Math.max(0, Number(status.get('Connections')) - 1) : null;
    const nodes = status.get('Node count');
    return {
      address: name,
      problem: null,
      version: /^(\d+\.\d+\.\d+)/.exec(status.get('Zookeeper version') ?? '')?.[1] ?? null,
      mode: status.get('Mode') ?? null,
      zxid: status.get('Zxid') ?? null,
      nodes: nodes === undefined ? null : Number(nodes),
      connections: consAllowed ? clients.length : open,
      clients,
      conf: pairs(conf ?? '', /=/),
      monitor: pairs(mntr ?? '', /\t/),
    };
  } catch (error) {
    return unreachable(name, failureOf(error).message);
  }
}

export function inspectEnsemble(
  connectString: string,
  options: AskOptions = {},
): Promise<readonly ServerReport[]> {
  return Promise.all(parseAddresses(connectString).map((address) => inspectServer(address, options)));
}

export interface QuorumHealth {
  readonly serving: number;
  readonly total: number;
  readonly leader: string | null;
  /** One leader (or a standalone server), and every server follows it. */
  readonly healthy: boolean;
  readonly explanation: string;
}

/** Whether an ensemble is whole: more than a mere quorum, since a server less is what fails next. */
export function quorumHealth(servers: readonly ServerReport[]): QuorumHealth {
  const serving = servers.filter((server) => server.mode !== null && server.mode !== 'read-only');
  const leaders = serving.filter((server) => server.mode === 'leader' || server.mode === 'standalone');
  const healthy = serving.length === servers.length && leaders.length === 1;
  const missing = servers
    .filter((server) => !serving.includes(server))
    .map((server) => `${server.address} ${server.problem ?? 'serves nobody'}`);
  const roles = serving.map((server) => `${server.address} ${server.mode}`);
  return {
    serving: serving.length,
    total: servers.length,
    leader: leaders.length === 1 ? (leaders[0]?.address ?? null) : null,
    healthy,
    explanation: [...roles, ...missing].join(', '),
  };
}
