/** Sandboxes, for those who look into them. What leads out of them is not there. */
import { open, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { HttpRefusal } from '@orchestrator/mesos';
import type { ApiPlace } from './place.ts';

/** One answer holds no more. */
const mostBytes = 16 * 4096;

export interface FileFacts {
  path: string;
  nlink: number;
  size: number;
  mtimeS: number;
  mode: number;
  uid: string;
  gid: string;
}

const virtual = /^\/frameworks\/([^/]+)\/executors\/([^/]+)\/runs\/([^/]+)(\/.*)?$/;

function userOfSandbox(place: ApiPlace, frameworkId: string): string | undefined {
  const state = place.state();
  const past = state?.completedFrameworks.find(({ id }) => id === frameworkId);
  return (state?.frameworks.get(frameworkId) ?? past)?.info.user;
}

/**
 * Undefined for what does not exist, or is no part of a sandbox: links are followed only within.
 *
 * @throws HttpRefusal 403 when the principal may not look into it
 */
export async function resolveFile(
  place: ApiPlace,
  path: string,
  principal: string | undefined,
): Promise<string | undefined> {
  const root = join(place.config.workDir, 'slaves');
  const agentId = place.state()?.info.id?.value;
  const isVirtual = virtual.test(path) && agentId !== undefined;
  const wanted = isVirtual ? join(root, agentId, path) : path;
  try {
    const [real, realRoot] = await Promise.all([realpath(wanted), realpath(root)]);
    const [, , frameworkId = '', executors, , runs, run] = real.slice(realRoot.length + 1).split('/');
    const isWithin = real.startsWith(`${realRoot}/`) && executors === 'executors' && runs === 'runs';
    if (!isWithin || run === undefined) return undefined;
    if (place.config.acls.permits('access_sandbox', principal, userOfSandbox(place, frameworkId)))
      return real;
    throw new HttpRefusal(403, '');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES' || code === 'ELOOP') return undefined;
    throw error;
  }
}

async function namesIn(file: string): Promise<Map<number, string>> {
  const lines = (await readFile(file, 'utf8')).split('\n').map((line) => line.split(':'));
  return new Map(lines.map(([name = '', , id]) => [Number(id), name]));
}

/** What a folder holds, by name. */
export async function listFolder(shown: string, real: string): Promise<FileFacts[]> {
  const [users, groups] = await Promise.all([namesIn('/etc/passwd'), namesIn('/etc/group')]);
  const names = (await readdir(real)).toSorted();
  const facts = names.map(async (name) => {
    // Links may lead nowhere, and files may go while we look.
    const found = await stat(join(real, name)).catch(() => undefined);
    if (found === undefined) return undefined;
    const { nlink, size, mtimeMs, mode, uid, gid } = found;
    return {
      ...{ path: join(shown, name), nlink, size, mode, mtimeS: Math.floor(mtimeMs / 1000) },
      ...{ uid: users.get(uid) ?? String(uid), gid: groups.get(gid) ?? String(gid) },
    };
  });
  return (await Promise.all(facts)).filter((one) => one !== undefined);
}

const bits = 'rwxrwxrwx';

/** `-rw-r--r--` */
export function modeText(mode: number): string {
  const type = (mode & 0o170000) === 0o040000 ? 'd' : '-';
  return type + [...bits].map((bit, index) => ((mode >> (8 - index)) & 1 ? bit : '-')).join('');
}

/** `offset` -1 asks for the size alone. @throws HttpRefusal for a folder */
export async function readPart(
  real: string,
  { offset, length }: { offset: number; length: number | undefined },
): Promise<{ size: number; offset: number; data: Buffer }> {
  const file = await open(real, 'r');
  try {
    const info = await file.stat();
    if (info.isDirectory()) throw new HttpRefusal(400, 'Cannot read a directory.\n');
    const { size } = info;
    if (offset === -1) return { size, offset: size, data: Buffer.alloc(0) };
    const bytes = Math.max(0, Math.min(length ?? mostBytes, mostBytes, size - offset));
    const buffer = Buffer.alloc(bytes);
    const { bytesRead } = await file.read(buffer, 0, bytes, offset);
    return { size, offset, data: buffer.subarray(0, bytesRead) };
  } finally {
    await file.close();
  }
}

export const downloadName = (path: string) => basename(path).replace(/[^\w.-]/g, '_');
