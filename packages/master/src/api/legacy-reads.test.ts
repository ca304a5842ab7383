/** That no turn of the event loop is longer for a larger cluster: by what is in a piece, as time depends on the machine. */
import { noAcls, Offer_Operation_Type, scheduler } from '@orchestrator/mesos';
import { expect, test } from 'vitest';
import type { AgentRecord, TaskRecord } from '../core/records.ts';
import { ScriptedCluster, task } from '../core/scripted-cluster.ts';
import { firstTasks, stateChunks } from './legacy-reads.ts';
import { agentText } from './legacy-views.ts';
import type { ReadPlace } from './operator-reads.ts';
import { createViewer } from './viewer.ts';

const agentCount = 600;
/** Of one agent, task, offer or the head of a framework. */
const longestPiece = 4_096;

/** Agents of which some are offered, the others run a task each. */
function clusterWithTasks(): ScriptedCluster {
  const cluster = new ScriptedCluster();
  for (let index = 0; index < agentCount; index++) {
    const port = 31_000 + 2 * (index % 16);
    cluster.register(
      `slave(1)@127.1.${index >> 8}.${index & 255}:5051`,
      `cpus:8;mem:1024;ports:[${port}-${port}]`,
    );
  }
  const frameworkId = cluster.subscribe('c1');
  while (cluster.core.nextAllocationMs(cluster.nowMs) !== undefined) cluster.allocate();
  for (const offer of cluster.offersOf(frameworkId).slice(agentCount / 2)) {
    const taskInfos = [task(`t-${offer.agentId}`, offer.agentId)];
    cluster.call(frameworkId, {
      type: scheduler.Call_Type.ACCEPT,
      accept: {
        offerIds: [{ value: offer.id }],
        operations: [{ type: Offer_Operation_Type.LAUNCH, launch: { taskInfos } }],
        filters: { refuseSeconds: 3_600 },
      },
    });
  }
  return cluster;
}

test('/state comes in pieces that do not grow with the cluster, and is the same from what was written before', () => {
  const { core } = clusterWithTasks();
  const about = {
    info: core.options.masterInfo,
    startedAtMs: 0,
    flags: {},
    version: { version: '1.12.0', buildDate: '', buildTimeMs: 0 },
  };
  const place = { about, viewer: createViewer(noAcls, undefined), master: { core, electedAtMs: 0 } };
  const read = () => [...stateChunks(place as unknown as ReadPlace)];
  const pieces = read();
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(longestPiece);
  // What a framework holds of all agents is summed up in slices, too: these are empty.
  expect(pieces.filter((piece) => piece === '').length).toBeGreaterThanOrEqual(4);
  expect(read()).toEqual(pieces);
  const state = JSON.parse(pieces.join('')) as {
    slaves: { id: string; active: boolean; used_resources: { cpus: number } }[];
    frameworks: { tasks: unknown[]; offers: unknown[]; used_resources: { cpus: number } }[];
  };
  const [framework] = state.frameworks;
  expect(state.slaves.length).toBe(agentCount);
  expect(framework?.tasks.length).toBe(agentCount / 2);
  expect(framework?.offers.length).toBe(agentCount / 2);
  expect(framework?.used_resources.cpus).toBe(agentCount / 2);
});

test('/tasks is in order over many pages, however few are sorted at a time', () => {
  const tasks = Array.from({ length: 5_000 }, (_, index) => {
    const timestamp = (index * 7_919) % 1_000;
    return { taskId: `t${index}`, message: { statuses: [{ timestamp }] } } as unknown as TaskRecord;
  });
  const byTime = [...tasks].sort((left, right) => startedAt(left) - startedAt(right));
  const lists = [tasks.slice(0, 2_000), tasks.slice(2_000, 2_001), tasks.slice(2_001)];
  for (const [first, most] of [
    [0, 10],
    [0, 3_000],
    [4_990, 100],
    [0, 0],
  ] as const) {
    const work = firstTasks(lists, (left, right) => startedAt(left) - startedAt(right), first + most);
    let pauses = 0;
    let step = work.next();
    for (; step.done !== true; step = work.next()) pauses++;
    expect(step.value.slice(first)).toEqual(byTime.slice(first, first + most));
    expect(pauses).toBe(4);
  }
});

const startedAt = ({ message }: TaskRecord) => message.statuses[0]?.timestamp ?? 0;

test('an agent that has changed is written anew', () => {
  const cluster = clusterWithTasks();
  const { agents } = cluster.core.state;
  const viewer = createViewer(noAcls, undefined);
  const parsed = (agent: AgentRecord) =>
    JSON.parse(agentText(agent, viewer).text) as { active: boolean; offered_resources: { cpus: number } };
  const offered = [...agents.values()].find(({ offers }) => offers.size > 0);
  if (offered === undefined) throw new Error('no agent is offered');
  expect(parsed(offered)).toMatchObject({ active: true, offered_resources: { cpus: 8 } });
  cluster.send({ type: 'agent-disconnected', pid: offered.pid });
  expect(parsed(offered)).toMatchObject({ active: false, offered_resources: { cpus: 0 } });
});
