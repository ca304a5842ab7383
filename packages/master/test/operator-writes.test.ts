/** What a real master answered to writes of operators, one after another, asked of ours in the same order. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createFixedDetector, TaskState } from '@orchestrator/mesos';
import { waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OneMaster, startMaster } from './one-master.ts';
import { SimulatedAgent } from './simulated-agent.ts';
import { TestFramework } from './test-framework.ts';

interface Recorded {
  readonly group: string;
  readonly case: string;
  readonly method: string;
  readonly path: string;
  readonly contentType: string | null;
  readonly body: string | null;
  readonly status: number;
  /** Null where it holds what is of that cluster alone. */
  readonly answer: string | object | null;
}

const text = await readFile(join(import.meta.dirname, 'data/operator-writes.json'), 'utf8');
const recorded = JSON.parse(text) as readonly Recorded[];
const groups = [...new Set(recorded.map(({ group }) => group))];

let master: OneMaster;
let agents: SimulatedAgent[];
let framework: TestFramework | undefined;

beforeAll(async () => {
  master = await startMaster();
  const resources = 'cpus:8;mem:8192;disk:20000;ports:[31000-32000];bandwidth:1000';
  agents = [await SimulatedAgent.start({ resources }), await SimulatedAgent.start({ resources })];
  for (const agent of agents) agent.register(master.service.info?.pid ?? '');
  await waitFor(() => agents.every(({ id }) => id !== undefined), { what: 'the agents to register' });
});

afterAll(async () => {
  await framework?.[Symbol.asyncDispose]();
  await Promise.all((agents ?? []).map((agent) => agent[Symbol.asyncDispose]()));
  await master?.[Symbol.asyncDispose]();
});

const [first, second] = [() => agents[0], () => agents[1]];

/** Where the recorded cluster had something running. */
const before: Readonly<Record<string, () => Promise<void>>> = {
  'REACTIVATE_AGENT active agent': async () => {
    const detector = createFixedDetector({ host: master.host, port: master.port });
    framework = new TestFramework({ detector });
    const find = () =>
      framework?.events
        .flatMap(({ offers }) => offers?.offers ?? [])
        .find(({ agentId }) => agentId.value === second()?.id);
    await waitFor(() => find() !== undefined, { what: 'an offer of the second agent' });
    const offer = find();
    if (offer !== undefined) await framework.launch(offer, 't1');
    await framework.areRunning('t1');
  },
  '/slaves after drained': async () => {
    second()?.report('t1', TaskState.TASK_KILLED);
    await waitFor(() => second()?.acknowledged.filter((id) => id === 't1').length === 2, {
      what: 'the end of the task to be acknowledged',
    });
  },
};

function filled(template: string, group: string): string {
  const agent = group === 'drain-deactivate-gone' ? second() : first();
  return template
    .replaceAll('@pid@', agent?.pid ?? '')
    .replaceAll('@host@', 'localhost')
    .replaceAll('@agent@', agent?.id ?? '')
    .replaceAll('@framework@', framework?.id ?? '');
}

describe.each(groups)('%s', (group) => {
  const cases = recorded.filter((each) => each.group === group);
  test.each(cases.map((each) => [each.case, each] as const))('%s', async (name, each) => {
    await before[name]?.();
    const { method, path, contentType, body, status, answer } = each;
    const response = await fetch(`${master.url}${filled(path, group)}`, {
      method,
      ...(contentType === null ? {} : { headers: { 'Content-Type': contentType } }),
      ...(body === null || method === 'GET' ? {} : { body: filled(body, group) }),
    });
    const seen = await response.text();
    expect([response.status, answer === null ? '' : seen]).toEqual([
      status,
      typeof answer === 'string' ? filled(answer, group) : answer === null ? '' : seen,
    ]);
    if (typeof answer === 'object' && answer !== null) expect(JSON.parse(seen)).toEqual(answer);
  });
});
