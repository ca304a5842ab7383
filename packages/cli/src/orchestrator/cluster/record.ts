/** What `cluster up` writes down, so that other commands find the cluster, and `cluster down` everything of it. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from '../../program/errors.ts';
import type { ProcessIdentity } from './process-identity.ts';

export type PartKind = 'zookeeper' | 'master' | 'agent';

export interface PartRecord {
  /** `master-1`; of its folder and its log too. */
  readonly name: string;
  readonly kind: PartKind;
  /** `127.0.0.1:5050` */
  readonly address: string;
  /** `null` while it is down. */
  readonly process: ProcessIdentity | null;
  readonly restarts: number;
  /** What it is started with, without the program. */
  readonly flags: readonly string[];
}

export interface ClusterRecord {
  readonly version: 1;
  readonly supervisor: ProcessIdentity;
  readonly started_ms: number;
  /** A master leads, and all agents are registered with it. */
  readonly ready: boolean;
  /** `host:port` of each. */
  readonly masters: readonly string[];
  /** `zk://…` by which masters find each other; `null` with a single one. */
  readonly zk: string | null;
  readonly containerizers: readonly string[];
  readonly parts: readonly PartRecord[];
}

const fileOf = (folder: string) => join(folder, 'cluster.json');

/** `undefined` when no cluster was started in this folder, or it was taken down. @throws CliError `forbidden`, `config` */
export async function readClusterRecord(folder: string): Promise<ClusterRecord | undefined> {
  const file = fileOf(folder);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new CliError('forbidden', `${file} cannot be read: ${error.message}`, {
      cause: error,
      remedy: 'run the command as the user who runs the cluster, or name its masters with --master',
    });
  });
  if (text === undefined) return undefined;
  try {
    const record: ClusterRecord = JSON.parse(text);
    if (record.version === 1) return record;
  } catch (cause) {
    throw new CliError('config', `${file} is damaged`, { cause, remedy: 'remove it' });
  }
  throw new CliError('config', `${file} was written by another version`, {
    remedy: 'take the cluster down with the version that started it',
  });
}

/** Written beside and renamed, so that no reader sees half of it. */
export async function writeClusterRecord(folder: string, record: ClusterRecord): Promise<void> {
  const draft = `${fileOf(folder)}.draft`;
  await writeFile(draft, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, fileOf(folder));
}

export async function removeClusterRecord(folder: string): Promise<void> {
  await rm(fileOf(folder), { force: true });
}
