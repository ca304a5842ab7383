import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { freePorts, removeFolder, temporaryFolder, waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type CheckOptions,
  type CheckResult,
  CheckRunner,
  type Containerizer,
  createContainerizer,
  type HealthChange,
  ProcessRuntime,
} from '../src/index.ts';
import { shellSpec } from './container-spec.ts';

let folder: string;
let containerizer: Containerizer;
let target: { containerizer: Containerizer; containerId: string };
const times = { delayMs: 0, intervalMs: 20, timeoutMs: 300, gracePeriodMs: 0 };

beforeAll(async () => {
  folder = await temporaryFolder('checks');
  containerizer = createContainerizer(new ProcessRuntime({ stateFolder: join(folder, 'state') }));
  const spec = await shellSpec(folder, 'sleep 1000');
  await containerizer.launch(spec);
  target = { containerizer, containerId: spec.containerId };
});
afterAll(async () => {
  await containerizer.destroy(target.containerId);
  await containerizer.close();
  await removeFolder(folder);
});

/** Results of a general check, until there are so many. */
async function results(probe: CheckOptions['probe'], count: number): Promise<CheckResult[]> {
  const seen: CheckResult[] = [];
  const runner = new CheckRunner({
    kind: 'check',
    ...target,
    probe,
    times,
    onResult: (one) => seen.push(one),
  });
  await waitFor(() => seen.length >= count, { what: `${count} results` });
  runner.stop();
  return seen;
}

test('a command is run in the container, and its change is told', async () => {
  const file = await mkdtemp(join(folder, 'count-'));
  const value = `cd ${file}; n=$(cat n 2>/dev/null || echo 0); echo $((n + 1)) >n; echo noise; exit $((n > 1))`;
  const command = { shell: true, value };
  expect(await results({ type: 'command', command }, 2)).toEqual([
    { type: 'command', exitCode: 0 },
    { type: 'command', exitCode: 1 },
  ]);
});

test('a command that takes too long gives no result', async () => {
  const command = { shell: true, value: 'sleep 100' };
  expect(await results({ type: 'command', command }, 1)).toMatchObject([{ type: 'none' }]);
});

test('HTTP and TCP are asked where the container is', async () => {
  let status = 200;
  const server = createServer(({ url = '' }, response) => {
    const there = url.startsWith('/elsewhere') ? { location: '/health' } : {};
    response.writeHead('location' in there ? 307 : status, there).end('x');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const [closed = 0] = await freePorts(1);
  const changes: HealthChange[] = [];
  const runner = new CheckRunner({
    kind: 'health',
    ...target,
    probe: { type: 'http', port, path: '/health' },
    times,
    onHealth: (change) => {
      changes.push(change);
      status = 503;
    },
  });
  await waitFor(() => changes.at(-1)?.kill === true, { what: 'the end of patience' });
  expect(changes.map(({ healthy, consecutiveFailures }) => [healthy, consecutiveFailures])).toEqual([
    [true, 0],
    [false, 1],
    [false, 2],
    [false, 3],
  ]);
  runner.stop();
  expect(await results({ type: 'http', port, path: '/elsewhere?a=%20' }, 1)).toEqual([
    { type: 'http', statusCode: 503 },
  ]);
  expect(await results({ type: 'tcp', port }, 1)).toEqual([{ type: 'tcp', succeeded: true }]);
  expect(await results({ type: 'tcp', port: closed }, 1)).toEqual([{ type: 'tcp', succeeded: false }]);
  expect(await results({ type: 'http', port: closed, path: '/' }, 1)).toMatchObject([{ type: 'none' }]);
  server.closeAllConnections();
  server.close();
});
