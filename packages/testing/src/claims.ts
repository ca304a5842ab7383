/**
 * Numbers that processes of this machine take from a range, each for as long as it lives, also while what it needed the
 * number for is down or gone: what cleans up after a process must find nothing of another one's there.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** A file for each number, with the id of the process that has it. */
const folderOf = (kind: ClaimKind) => join(tmpdir(), `orchestrator-${kind}-${userInfo().uid}`);

type ClaimKind = 'ports' | 'subnets';

const folders = new Set<string>();
const mine = new Set<string>();

/** False where a process has it, this one included. */
export function claim(kind: ClaimKind, number: number): boolean {
  const folder = folderOf(kind);
  if (!folders.has(folder)) open(folder);
  const file = join(folder, String(number));
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
  mine.add(file);
  return true;
}

function open(folder: string): void {
  mkdirSync(folder, { recursive: true });
  dropDeadClaims(folder);
  if (folders.size === 0) process.once('exit', dropClaims);
  folders.add(folder);
}

/** Of processes that were killed, which runs no handler of `exit`. */
function dropDeadClaims(folder: string): void {
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    if (!isHeld(file)) rmSync(file, { force: true });
  }
}

function isHeld(file: string): boolean {
  try {
    const owner = Number(readFileSync(file, 'utf8'));
    if (owner === 0) return true; // being written
    process.kill(owner, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function dropClaims(): void {
  for (const file of mine) rmSync(file, { force: true });
}
