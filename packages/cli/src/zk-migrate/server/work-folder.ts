/** Where a coordinator keeps its state on this machine, and how commands find one that runs. */
import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { makeFolder } from '@orchestrator/runtime';
import { CliError } from '../../program/errors.ts';
import type { ServerAddress } from './http-client.ts';

/** `--work-dir`, else `ZK_MIGRATE_WORK_DIR`, else `/var/lib/zk-migrate` for root and the XDG state folder for others. */
export function workFolderOf(flag: string | undefined, env: NodeJS.ProcessEnv, userId: number): string {
  const named = flag ?? env.ZK_MIGRATE_WORK_DIR;
  if (named !== undefined && named !== '') return resolve(named);
  if (userId === 0) return '/var/lib/zk-migrate';
  return join(env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'zk-migrate');
}

/** Made with mode 0700: it holds tokens, mirror sessions and seeds. @throws CliError `config` */
export async function makeWorkFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder, 0o700);
    await chmod(folder, 0o700);
  } catch (cause) {
    throw new CliError('config', `the work folder ${folder} cannot be made: ${(cause as Error).message}`, {
      cause,
      remedy: 'choose another one with --work-dir or ZK_MIGRATE_WORK_DIR',
    });
  }
}

/** A running server, as it announces itself to commands of the same user on the same machine. */
export interface ServerRecord extends ServerAddress {
  readonly pid: number;
  readonly startedMs: number;
}

const recordFile = (folder: string) => join(folder, 'server.json');

export const storeFileOf = (folder: string): string => join(folder, 'store.sqlite');

export const logFileOf = (folder: string): string => join(folder, 'server.log');

/** Written beside and renamed, so that no reader sees half of it; mode 0600, since it holds the token. */
export async function announceServer(folder: string, record: ServerRecord): Promise<void> {
  const file = recordFile(folder);
  const draft = `${file}.${record.pid}`;
  await writeFile(draft, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  await rename(draft, file);
}

/** Takes the announcement back, unless another server has made its own since. */
export async function withdrawServer(folder: string, pid: number): Promise<void> {
  const present = await findServer(folder);
  if (present?.pid === pid) await rm(recordFile(folder), { force: true });
}

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** The server of this work folder; `undefined` when none runs (an announcement left by a dead process counts as none). */
export async function findServer(folder: string): Promise<ServerRecord | undefined> {
  const text = await readFile(recordFile(folder), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new CliError('forbidden', `${recordFile(folder)} cannot be read: ${error.message}`, {
      cause: error,
      remedy: 'run the command as the user who runs the server, or name it with --server and --token-file',
    });
  });
  if (text === undefined) return undefined;
  const record: ServerRecord = JSON.parse(text);
  return isAlive(record.pid) ? record : undefined;
}
