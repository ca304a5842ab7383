/** Figures: every key that a real master had, and the names that Prometheus' users know. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createFixedDetector } from '@orchestrator/mesos';
import { waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OneMaster, startMaster } from './one-master.ts';
import { SimulatedAgent } from './simulated-agent.ts';
import { TestFramework } from './test-framework.ts';

let master: OneMaster;
let agent: SimulatedAgent;
let framework: TestFramework;

beforeAll(async () => {
  master = await startMaster();
  agent = await SimulatedAgent.start();
  agent.register(master.service.info?.pid ?? '');
  const detector = createFixedDetector({ host: master.host, port: master.port });
  framework = new TestFramework({ detector, principal: 'test' });
  await framework.launch(await framework.offer(), 't1', 't2');
  await framework.areRunning('t1', 't2');
  await fetch(`${master.url}/weights`, { method: 'PUT', body: '[{"role":"web","weight":2}]' });
});

afterAll(async () => {
  await framework?.[Symbol.asyncDispose]();
  await agent?.[Symbol.asyncDispose]();
  await master?.[Symbol.asyncDispose]();
});

const figures = async () =>
  (await (await fetch(`${master.url}/metrics/snapshot`)).json()) as Record<string, number>;

/** Without the names of one cluster. */
const withoutNames = (key: string) =>
  key
    .replace(/master\/frameworks\/[^/]+\/[^/]+\//, 'master/frameworks/NAME/ID/')
    .replace(/roles\/([^/]*)\//, 'roles/ROLE/')
    .replace(/resources\/\w+\/consumed/, 'resources/RESOURCE/consumed')
    .replace(/^frameworks\/[^/]+\//, 'frameworks/PRINCIPAL/');

test('no key of a real master is missing', async () => {
  const recorded = await readFile(join(import.meta.dirname, 'data/metrics-keys.json'), 'utf8');
  const own = new Set(Object.keys(await figures()).map(withoutNames));
  expect((JSON.parse(recorded) as string[]).filter((key) => !own.has(key))).toEqual([]);
});

test('what they say of a framework with two tasks', async () => {
  await waitFor(() => agent.acknowledged.length === 2, { what: 'the acknowledgements' });
  const all = await figures();
  const own = Object.fromEntries(
    Object.entries(all)
      .filter(([key]) => key.includes(`/${framework.id}/`))
      .map(([key, value]) => [withoutNames(key).replace('master/frameworks/NAME/ID/', ''), value]),
  );
  expect(own).toMatchObject({
    ...{ subscribed: 1, 'calls/subscribe': 1, 'calls/accept': 1, 'calls/acknowledge': 2, 'events/update': 2 },
    ...{ 'offers/sent': 1, 'offers/accepted': 1, 'operations/launch': 1, 'roles/ROLE/suppressed': 0 },
    ...{ 'tasks/active/task_running': 2, 'tasks/terminal/task_lost': 0 },
  });
  expect(all).toMatchObject({
    'master/tasks_running': 2,
    'allocator/mesos/roles/web/shares/dominant': 2 / 8,
    'allocator/mesos/quota/roles/web/resources/cpus/consumed': 2,
    'allocator/mesos/quota/roles//resources/mem/consumed': 128,
    'allocator/mesos/offer_filters/roles/web/active': 1,
    'master/messages_launch_tasks': 1,
  });
});

test('the text for Prometheus: documented names, one family each, labels for what has a name', async () => {
  const text = await (await fetch(`${master.url}/metrics`)).text();
  for (const name of [
    'uptime_secs',
    'elected',
    'tasks_running',
    'tasks_failed',
    'slaves_active',
    'cpus_percent',
  ]) {
    expect(text).toMatch(new RegExp(`^mesos_master_${name} `, 'm'));
  }
  expect(text).toContain('# TYPE mesos_master_tasks_running gauge\n');
  expect(text).toContain('# TYPE mesos_master_tasks_failed counter\n');
  expect(text).toContain(
    `mesos_master_framework_calls{framework="test of root",framework_id="${framework.id}",call="accept"} 1\n`,
  );
  expect(text).toContain('mesos_allocator_mesos_quota{role="web",resource="cpus",kind="consumed"} 2\n');
  const families = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, family]) => family);
  expect(new Set(families).size).toBe(families.length);
  const line =
    /^(# TYPE \w+ (gauge|counter|untyped)|[a-zA-Z_:]\w*(\{\w+="([^"\\]|\\.)*"(,\w+="([^"\\]|\\.)*")*\})? [-+.\de]+)$/;
  expect(
    text
      .trimEnd()
      .split('\n')
      .filter((each) => !line.test(each)),
  ).toEqual([]);
});
