/** Flags that say which agents are offered, with which weights, and how fast frameworks may speak. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createFixedDetector } from '@orchestrator/mesos';
import { removeFolder, temporaryFolder, waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startMaster } from './one-master.ts';
import { RawFramework } from './raw-framework.ts';
import { SimulatedAgent } from './simulated-agent.ts';
import { TestFramework } from './test-framework.ts';

let folder: string;

beforeAll(async () => {
  folder = await temporaryFolder('offer-policy');
});
afterAll(() => removeFolder(folder));

test('only agents of the whitelist are offered, as the file has it by now', async () => {
  const whitelist = join(folder, 'whitelist');
  await writeFile(whitelist, 'somewhere-else\n');
  await using master = await startMaster({ whitelist });
  await using agent = await SimulatedAgent.start();
  agent.register(master.service.info?.pid ?? '');
  await using framework = new TestFramework({ detector: createFixedDetector(master) });
  await waitFor(() => agent.id !== undefined && framework.id !== undefined, { what: 'both to be in' });
  await sleep(500);
  expect(framework.events.some(({ offers }) => offers !== undefined)).toBe(false);
  await writeFile(whitelist, 'somewhere-else\nlocalhost\n');
  await framework.offer();
});

test('weights of the flag are those of a cluster that has none yet, and of no other', async () => {
  const store = `sqlite:${join(folder, 'registry.db')}`;
  const weightsOf = async (url: string) => {
    const answer = await fetch(`${url}/weights`);
    return (await answer.json()) as unknown;
  };
  for (const weights of ['web=2,batch=0.5', 'web=7,night=3']) {
    await using master = await startMaster({ store, weights });
    await waitFor(async () => ((await weightsOf(master.url)) as unknown[]).length === 2, {
      what: 'two weights',
    });
    expect(await weightsOf(master.url)).toEqual(
      expect.arrayContaining([
        { role: 'web', weight: 2 },
        { role: 'batch', weight: 0.5 },
      ]),
    );
  }
});

test('calls over HTTP come at the rate of their principal, and no more wait than may', async () => {
  const limits = [{ principal: 'slow', qps: 5, capacity: 2 }, { principal: 'free' }];
  await using master = await startMaster({ rate_limits: JSON.stringify({ limits }) });
  const answers = async (principal: string) => {
    const framework = new RawFramework(master);
    const capabilities = [{ type: 'MULTI_ROLE' }];
    await framework.subscribe({ user: 'root', name: principal, principal, roles: ['web'], capabilities });
    const startedMs = performance.now();
    const said = await Promise.all(
      Array.from({ length: 4 }, () => framework.call({ type: 'RECONCILE', reconcile: {} })),
    );
    framework.close();
    return { statuses: said.map(({ status }) => status).sort(), said, tookMs: performance.now() - startedMs };
  };
  const slow = await answers('slow');
  expect(slow.statuses).toEqual([202, 202, 202, 503]);
  expect(slow.said.find(({ status }) => status === 503)?.text).toMatch(/capacity\(2\) exceeded$/);
  expect(slow.tookMs).toBeGreaterThan(350);
  expect((await answers('free')).statuses).toEqual([202, 202, 202, 202]);
});
