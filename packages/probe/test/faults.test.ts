/** What happens to a probe that runs as a process of its own. */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  busyboxImage,
  type DockerEngine,
  startDocker,
  startProcess,
  temporaryFolder,
  waitFor,
} from '@orchestrator/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AppServer, latestOf, startAppServer } from './app-server.ts';
import { killContainer, runContainer } from './containers.ts';

const timeoutMs = 60_000;
const program = fileURLToPath(new URL('probe-program.ts', import.meta.url));
const hostNode = 'h;<host>';

let engine: DockerEngine;
let image: string;
let folder: string;
let app: AppServer;
const undo: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  engine = await startDocker();
  image = await busyboxImage(engine);
  folder = await temporaryFolder('probe-faults');
  app = await startAppServer();
});

afterAll(async () => {
  for (const one of undo.splice(0).reverse()) await one();
  await app?.close();
  await engine?.close();
});

async function startDaemon(name: string, ...args: string[]) {
  const logFile = join(folder, `${name}.log`);
  const probe = await startProcess({
    command: process.execPath,
    args: [
      ...[program, `--docker-socket=${engine.socketPath}`, '--host-id=h', `--plugins=${folder}`],
      ...['--metrics-port=0', ...args],
    ],
    logFile,
  });
  undo.push(async () => {
    probe.signal('SIGKILL');
    await probe.exit;
  });
  return { ...probe, says: () => readFile(logFile, 'utf8') };
}

const stateOf = (id: string) =>
  latestOf(app.node('container', `${id};<container>`), 'docker_container_state');
const until = (what: string, holds: () => unknown) =>
  waitFor(() => (holds() === true ? true : undefined), { what, timeoutMs, intervalMs: 20 });
const sleeper = (name: string, more: object = {}) =>
  runContainer(engine, image, name, { Cmd: ['sleep', '1000'], ...more });

const openFiles = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;
const childrenOf = (pid: number) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter((one) => one !== '');

it('paused, it tells afterwards what there is now, and nothing that is gone', async () => {
  const probe = await startDaemon('paused', app.address);
  const [goes, stays] = [await sleeper('goes'), await sleeper('stays')];
  await until('the containers', () => stateOf(goes) === 'running' && stateOf(stays) === 'running');
  probe.signal('SIGSTOP');
  await killContainer(engine, goes);
  const comes = await sleeper('comes');
  probe.signal('SIGCONT');
  await until('what has changed', () => stateOf(goes) === 'exited' && stateOf(comes) === 'running');
  expect(stateOf(stays)).toBe('running');
  probe.signal('SIGTERM');
  await probe.exit;
});

it('killed, it leaves no process behind, and its successor tells everything', async () => {
  const first = await startDaemon('killed', app.address);
  const id = await sleeper('survivor');
  await until('the container', () => stateOf(id) === 'running');
  await until('the programs that it starts', () => childrenOf(first.pid).length > 0);
  const children = childrenOf(first.pid);
  first.signal('SIGKILL');
  await first.exit;
  await killContainer(engine, id);
  const { full } = app.received;
  const second = await startDaemon('successor', app.address);
  await until('its report', () => app.received.full > full && stateOf(id) === 'exited');
  const isThere = (pid: string) => {
    try {
      return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
    } catch {
      return false; // it has ended
    }
  };
  await until('the end of its programs', () => !children.some(isThere));
  second.signal('SIGTERM');
  await second.exit;
});

it('short-lived containers, many of them, leave neither nodes nor open files', async () => {
  const probe = await startDaemon('short', app.address);
  await until('the probe', () => app.node('host', hostNode) !== undefined);
  const burst = async (prefix: string, count: number) => {
    const names = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
    await Promise.all(
      names.map((name) =>
        runContainer(engine, image, name, { Cmd: ['sleep', '0.3'], HostConfig: { AutoRemove: true } }),
      ),
    );
    await until('them all to go', () => {
      const left = app.find('container', (node) =>
        (latestOf(node, 'docker_container_name') ?? '').startsWith(`${prefix}-`),
      );
      return left === undefined;
    });
  };
  await burst('first', 6);
  // Of those that run on, files are opened at the first reading of their usage.
  const isRead = (name: string) => {
    const found = app.find('container', (node) => latestOf(node, 'docker_container_name') === name);
    return (found?.[1].metrics.size ?? 0) > 0;
  };
  await until('a reading of the others', () => isRead('stays') && isRead('comes'));
  const before = openFiles(probe.pid);
  await burst('second', 16);
  await until('its files to be closed', () => openFiles(probe.pid) <= before + 3);
  probe.signal('SIGTERM');
  await probe.exit;
});

it('without its app it waits, and keeps nothing for it', async () => {
  const alone = await startAppServer();
  const probe = await startDaemon('alone', alone.address, '--no-connection', '--no-process');
  await until('the probe', () => alone.node('host', hostNode) !== undefined);
  const before = openFiles(probe.pid);
  await alone.close();
  await until('it to notice', () =>
    readFileSync(join(folder, 'alone.log'), 'utf8').includes('no connection'),
  );
  const id = await sleeper('unseen');
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await until('no more open files than before', () => openFiles(probe.pid) <= before + 3);
  // Once for each reason: it ended, and then it was not there.
  const complaints = (await probe.says()).match(/no connection to an app/g);
  expect(complaints?.length).toBeLessThanOrEqual(2);
  const back = await startAppServer({ port: alone.port });
  undo.push(() => back.close());
  const state = () => latestOf(back.node('container', `${id};<container>`), 'docker_container_state');
  await until('everything', () => state() === 'running');
  probe.signal('SIGTERM');
  await probe.exit;
});
