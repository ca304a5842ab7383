/**
 * An engine that the test plays: a real one takes minutes to run thousands of containers, does not count what it is asked, and cannot be
 * told not to answer.
 */
import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeFolder, temporaryFolder } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dockerSource } from '../src/docker/source.ts';
import { latest, type Watching, watch } from './watching.ts';

const steady = 100;
const brief = 5_000;
/** At once: together 5,000 in a few seconds, which is more than a minute's worth. */
const perBatch = 50;
const answerMs = 3;
/** Above what a kernel gives out. */
const noProcess = 2 ** 22 + 1;

const idOf = (kind: string, index: number) => `${kind}${index}`.padEnd(64, 'x');
const nodeOf = (id: string) => `${id};<container>`;

let folder: string;
let seen: Watching;
const running = new Set<string>();
/** About these the engine does not answer, as a real one does while a shell ends in a container that is paused. */
const silent = new Set<string>();
const asked = { inspections: 0, listings: 0, atOnce: 0, mostAtOnce: 0 };
let events: ServerResponse | undefined;

const engine = createServer((request, response) => {
  const path = (request.url ?? '').replace('/v1.40', '');
  const answer = (status: number, body: unknown) => {
    asked.atOnce++;
    asked.mostAtOnce = Math.max(asked.mostAtOnce, asked.atOnce);
    setTimeout(() => {
      asked.atOnce--;
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    }, answerMs);
  };
  const [, id = ''] = /^\/containers\/([^/]+)\/json$/.exec(path) ?? [];
  if (path.startsWith('/events')) {
    events = response;
    response.writeHead(200).flushHeaders();
  } else if (path.startsWith('/containers/json')) {
    asked.listings++;
    answer(
      200,
      Array.from(running, (one) => ({ Id: one, State: 'running', Created: 1 })),
    );
  } else if (path.startsWith('/images/json')) answer(200, []);
  else if (!silent.has(id)) {
    asked.inspections++;
    const container = {
      Id: id,
      Name: `/${id.replace(/x+$/, '')}`,
      State: { Status: 'running', Pid: noProcess },
    };
    if (running.has(id)) answer(200, container);
    else answer(404, { message: 'no such container' });
  }
});

function tell(id: string, ...actions: string[]): void {
  for (const action of actions) {
    const isNetwork = action.endsWith('connect');
    const actor = isNetwork ? { ID: 'bridge', Attributes: { container: id } } : { ID: id };
    const event = { Type: isNetwork ? 'network' : 'container', Action: action, Actor: actor };
    events?.write(`${JSON.stringify(event)}\n`);
  }
}

function begin(id: string): void {
  running.add(id);
  tell(id, 'create', 'connect', 'start');
}

function end(id: string): void {
  running.delete(id);
  tell(id, 'kill', 'disconnect', 'die', 'stop', 'destroy');
}

beforeAll(async () => {
  folder = await temporaryFolder('many-containers');
  const socketPath = join(folder, 'docker.sock');
  await new Promise<void>((resolve) => engine.listen(socketPath, resolve));
  for (let index = 0; index < steady; index++) running.add(idOf('steady', index));
  seen = watch(dockerSource({ socketPath }));
  await seen.until('those that stay', () => seen.ids('container').length === steady);
});

afterAll(async () => {
  await seen.stop();
  engine.closeAllConnections();
  engine.close();
  await removeFolder(folder);
});

it('thousands of containers that live for a moment leave nothing behind, hold up no other one, and cost the engine a question each', async () => {
  Object.assign(asked, { inspections: 0, listings: 0, mostAtOnce: 0 });
  const delays: number[] = [];
  for (let first = 0; first < brief; first += perBatch) {
    const ids = Array.from({ length: perBatch }, (_, index) => idOf('brief', first + index));
    for (const id of ids) begin(id);
    if (first % 1_000 === 500) {
      const [id, startMs] = [idOf('late', first), performance.now()];
      begin(id);
      await seen.until('one that stays', () => seen.node('container', nodeOf(id)) !== undefined);
      delays.push(performance.now() - startMs);
    }
    await sleep(10);
    for (const id of ids) end(id);
  }
  await seen.until('them all to go', () => seen.ids('container').length === steady + delays.length);
  // What waits for another event would have been asked for by now.
  await sleep(1_500);
  expect(seen.ids('container')).toHaveLength(steady + delays.length);
  // Behind all the others it would come after a minute.
  expect(Math.max(...delays)).toBeLessThan(10_000);
  expect(asked.inspections).toBeLessThanOrEqual(brief + 2 * delays.length);
  expect(asked.listings).toBe(0);
  expect(asked.mostAtOnce).toBeLessThanOrEqual(4);
});

it('what an event says is shown, though the engine does not answer about the container', async () => {
  const id = idOf('steady', 7);
  const state = () => latest(seen.node('container', nodeOf(id)), 'docker_container_state');
  expect(state()).toBe('running');
  silent.add(id);
  tell(id, 'pause');
  await seen.until('it to be paused', () => state() === 'paused');
  tell(id, 'unpause');
  await seen.until('it to run', () => state() === 'running');
});
