import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { TestingError } from './errors.ts';

// Below the range from which Linux takes the local ports of outgoing connections (32768 and up), so that no client can
// sit on a server's port while the server is down between stop and start.
const lowest = 12_000;
const highest = 32_000;
const attemptsPerPort = 200;

/** A file for each port that a process has been given, with that process's id: its server may be down for a moment. */
const claims = join(tmpdir(), `orchestrator-ports-${userInfo().uid}`);
const given = new Set<number>();

function claim(port: number): boolean {
  if (given.size === 0) {
    mkdirSync(claims, { recursive: true });
    dropDeadClaims();
    process.once('exit', dropClaims);
  }
  try {
    writeFileSync(join(claims, String(port)), String(process.pid), { flag: 'wx' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
  given.add(port);
  return true;
}

/** Of processes that were killed, which runs no handler of `exit`. */
function dropDeadClaims(): void {
  for (const name of readdirSync(claims)) {
    const file = join(claims, name);
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
  for (const port of given) rmSync(join(claims, String(port)), { force: true });
}

function canBind(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * Ports that nobody listens on, each given to one process of ours for as long as that lives, whether its server is up or
 * down for a restart. Others may take one: a launcher has to start again with others when its server finds one taken.
 *
 * @throws TestingError `StartFailed` when the range is exhausted
 */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const ports: number[] = [];
  for (let attempt = 0; ports.length < count; attempt++) {
    if (attempt > attemptsPerPort * count) {
      throw new TestingError('StartFailed', `no free port on ${host} between ${lowest} and ${highest}`);
    }
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    if (given.has(port) || !claim(port)) continue;
    if (await canBind(port, host)) ports.push(port);
  }
  return ports;
}
