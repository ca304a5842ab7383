/** How a local cluster is: what runs, what answers, who leads. */
import { request } from 'undici';
import { isRunning } from './process-identity.ts';
import type { ClusterRecord, PartKind, PartRecord } from './record.ts';

export interface PartStatus {
  readonly name: string;
  readonly kind: PartKind;
  readonly address: string;
  readonly pid: number | null;
  readonly restarts: number;
  /** `leading` and `standby` of masters, `up` of others; `silent`: it runs and does not answer. */
  readonly state: 'leading' | 'standby' | 'up' | 'silent' | 'down';
}

/** As `cluster status --json` shows it. */
export interface ClusterStatus {
  readonly healthy: boolean;
  readonly supervised: boolean;
  readonly folder: string;
  readonly started_ms: number;
  readonly leader: string | null;
  readonly zk: string | null;
  readonly containerizers: readonly string[];
  readonly parts: readonly PartStatus[];
}

const answerTimeoutMs = 2_000;

async function get(url: string): Promise<{ status: number; location: string | undefined } | undefined> {
  const timeouts = { headersTimeout: answerTimeoutMs, bodyTimeout: answerTimeoutMs };
  const answer = await request(url, timeouts).catch(() => undefined); // nobody there, or nobody who speaks HTTP
  if (answer === undefined) return undefined;
  await answer.body.dump();
  const { location } = answer.headers;
  return { status: answer.statusCode, location: typeof location === 'string' ? location : undefined };
}

/** `host:port` of the one that the first master to answer takes for the leader. */
async function findLeader(masters: readonly string[]): Promise<string | null> {
  for (const address of masters) {
    const { location } = (await get(`http://${address}/redirect`)) ?? {};
    if (location !== undefined) return location.replace(/^(https?:)?\/\//, '');
  }
  return null;
}

async function statusOf(part: PartRecord, leader: string | null): Promise<PartStatus> {
  const { name, kind, address, restarts } = part;
  const runs = part.process !== null && (await isRunning(part.process));
  const shown = { name, kind, address, restarts, pid: runs ? (part.process?.pid ?? null) : null };
  if (!runs) return { ...shown, state: 'down' };
  if (kind === 'zookeeper') return { ...shown, state: 'up' };
  if ((await get(`http://${address}/health`))?.status !== 200) return { ...shown, state: 'silent' };
  if (kind === 'agent') return { ...shown, state: 'up' };
  return { ...shown, state: address === leader ? 'leading' : 'standby' };
}

export async function readClusterStatus(folder: string, record: ClusterRecord): Promise<ClusterStatus> {
  const leader = await findLeader(record.masters);
  const parts = await Promise.all(record.parts.map((part) => statusOf(part, leader)));
  const supervised = await isRunning(record.supervisor);
  const allUp = parts.every(({ state }) => state !== 'down' && state !== 'silent');
  const { started_ms, zk, containerizers } = record;
  return {
    healthy: supervised && allUp && leader !== null,
    ...{ supervised, folder, started_ms, leader, zk, containerizers, parts },
  };
}
