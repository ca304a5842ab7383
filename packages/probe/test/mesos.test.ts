/** What real agents and masters of Mesos 1.12 have answered; `e2e` has the same with our own, running. */
import { readFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { hostFacts, hostNodeId } from '../src/host/facts.ts';
import { mesosSource } from '../src/mesos/source.ts';
import type { Source } from '../src/source.ts';
import { startJsonServer } from './json-server.ts';
import { latest, parents, type Watching, watch } from './watching.ts';

const recorded = (name: string) =>
  JSON.parse(readFileSync(new URL(`../test-data/${name}.json`, import.meta.url), 'utf8'));

const framework = '73af2d1d-c7a5-40f1-88e8-2f543e8af825-0001';
const agentId = '73af2d1d-c7a5-40f1-88e8-2f543e8af825-S1';
const podExecutor = '7b31a68e-6598-489b-a5e8-25572dfa6929';
const task = (id: string) => `${framework};${id};<mesos_task>`;
const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

/** A container as the docker source would tell of it. */
function containerSource(containerId: string, name: string): Source {
  return {
    name: 'containers',
    start({ board, places }) {
      board.see('container', `${containerId};<container>`, { latest: { docker_container_name: name } });
      places.put({ containerId, name, pid: process.pid, addresses: [] });
      return () => undefined;
    },
  };
}

function watching(...sources: Source[]): Watching {
  const one = watch(...sources);
  undo.push(() => one.stop());
  return one;
}

async function answering(answers: Record<string, unknown>) {
  const server = await startJsonServer(answers);
  undo.push(() => server.close());
  return server;
}

it('tasks of the agent, with their framework, their agent and their container', async () => {
  const state = recorded('mesos-agent-state');
  const server = await answering({ '/state': state });
  const seen = watching(
    containerSource('c0ffee', `mesos-${podExecutor}`),
    mesosSource({ agent: server.url, everyMs: 100, authorization: () => 'Bearer x' }),
  );
  await seen.until('the tasks', () => seen.ids('mesos_task').length === 3);
  expect(seen.ids('mesos_task')).toEqual([task('custom-1'), task('pod-a'), task('pod-b')]);
  const pod = seen.node('mesos_task', task('pod-a'));
  expect(latest(pod, 'mesos_state')).toBe('TASK_RUNNING');
  expect(latest(pod, 'mesos_cpus')).toBe('0.1');
  expect(latest(pod, 'mesos_started')).toBe('2026-11-23T06:07:25.806Z');
  expect(parents(pod, 'mesos_framework')).toEqual([`${framework};<mesos_framework>`]);
  expect(parents(pod, 'mesos_agent')).toEqual([`${agentId};<mesos_agent>`]);
  expect(parents(pod, 'host')).toEqual([hostNodeId(hostFacts())]);
  const container = seen.node('container', 'c0ffee;<container>');
  expect(parents(container, 'mesos_task')).toEqual([task('pod-a'), task('pod-b')]);
  const agent = seen.node('mesos_agent', `${agentId};<mesos_agent>`);
  expect(agent?.metrics.get('mesos_cpus_allocated')).toMatchObject({ values: [0.5], range: { max: 8 } });
  expect([...server.authorizations]).toEqual(['Bearer x']);

  const [first] = state.frameworks[0].executors;
  state.frameworks[0].executors = [first];
  await seen.until('the end of the others', () => seen.ids('mesos_task').length === 1);
  expect(parents(seen.node('container', 'c0ffee;<container>'), 'mesos_task')).toEqual([]);
  server.answers.set('/state', 503);
  await seen.until('the end of all', () => seen.ids('mesos_task').length === 0);
  expect(seen.ids('mesos_agent')).toEqual([]);
});

it('a master that does not lead is passed over; agents that are gone go', async () => {
  const slaves = recorded('mesos-slaves');
  const follower = await answering({ '/slaves': 307 });
  const leader = await answering({ '/slaves': slaves, '/frameworks': recorded('mesos-frameworks') });
  const seen = watching(
    mesosSource({ agent: follower.url, masters: [follower.url, leader.url], everyMs: 50 }),
  );
  await seen.until('agents', () => seen.ids('mesos_agent').length === 2);
  expect(seen.ids('mesos_framework')).toHaveLength(2);
  expect(latest(seen.node('mesos_agent', `${agentId};<mesos_agent>`), 'mesos_active')).toBe('yes');
  slaves.slaves = slaves.slaves.slice(0, 1);
  await seen.until('one to go', () => seen.ids('mesos_agent').length === 1);
});

it("apps of Marathon: their tasks' names lead to them", async () => {
  const state = recorded('mesos-agent-state');
  state.frameworks[0].name = 'marathon';
  state.frameworks[0].executors[0].tasks[0].id =
    'shop_web.instance-0b0f4a52-4d2e-11ec-8d3d-0242ac130003._app.1';
  const agent = await answering({ '/state': state });
  const marathon = await answering({
    '/v2/info': { frameworkId: framework },
    '/v2/apps?embed=apps.counts': {
      apps: [
        { id: '/shop/web', instances: 3, tasksRunning: 1, tasksHealthy: 1, tasksUnhealthy: 0, cpus: 0.5 },
      ],
    },
  });
  const seen = watching(mesosSource({ agent: agent.url, marathon: [marathon.url], everyMs: 50 }));
  const id = `${framework};/shop/web;<marathon_app>`;
  await seen.until('the app', () => latest(seen.node('marathon_app', id), 'marathon_instances') === '3');
  await seen.until('the task', () =>
    seen.ids('mesos_task').some((one) => parents(seen.node('mesos_task', one), 'marathon_app').includes(id)),
  );
});
