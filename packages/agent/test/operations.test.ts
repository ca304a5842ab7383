/** Reservations, volumes, draining and other resources, asked for at a real master. */
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createFixedDetector,
  createMasterClient,
  type MasterClient,
  makeMessage,
  master as operator,
  Resources,
  TaskInfoSchema,
  TaskState,
  TaskStatus_Reason,
} from '@orchestrator/mesos';
import { waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SmallCluster } from './small-cluster.ts';

const { TASK_RUNNING, TASK_FINISHED, TASK_FAILED, TASK_KILLED } = TaskState;
const { Call_Type: calls } = operator;

let cluster: SmallCluster;
let client: MasterClient;

beforeAll(async () => {
  cluster = await SmallCluster.start({ framework: { roles: ['ops'] } });
  const detector = createFixedDetector({ host: '127.0.0.1', port: cluster.masterPort });
  client = createMasterClient({ detector });
});
afterAll(() => cluster?.close());

const reservation = { type: 2, role: 'ops' };
const scalar = (name: string, value: number) => ({
  ...{ name, type: 0, scalar: { value }, allocationInfo: { role: 'ops' } },
});
const reserved = (name: string, value: number) => ({ ...scalar(name, value), reservations: [reservation] });
const volume = (sizeMb: number, readOnly = false) => ({
  ...reserved('disk', sizeMb),
  disk: {
    persistence: { id: 'data', principal: 'p' },
    volume: { containerPath: 'data', mode: readOnly ? 2 : 1 },
  },
});

const folder = () => join(cluster.workDir, 'volumes/roles/ops/data');

/** A task in the volume. */
const inVolume = (taskId: string, value: string, sizeMb: number) => (agentId: object) => ({
  ...{ name: taskId, taskId: { value: taskId }, agentId, command: { shell: true, value } },
  resources: [scalar('cpus', 0.1), scalar('mem', 32), volume(sizeMb)],
});

const launch = (task: (agentId: object) => object, agentId: object) => ({
  type: 1,
  launch: { taskInfos: [makeMessage(TaskInfoSchema, task(agentId) as never)] },
});

const volumesOffered = () =>
  [...cluster.offers.values()].flatMap(({ resources }) =>
    resources.filter((one) => one.disk?.persistence?.id === 'data').map((one) => one.scalar?.value ?? 0),
  );

test('data in a volume outlives its task and the agent, and is destroyed with the volume', async () => {
  const offer = await cluster.takeOffers();
  await cluster.accept(offer, [
    { type: 2, reserve: { resources: [reserved('disk', 64)] } },
    { type: 4, create: { volumes: [volume(64)] } },
    launch(inVolume('writes', 'echo kept >data/file; sleep 0.2', 64), offer[0].agentId),
  ]);
  await cluster.until('writes', TASK_FINISHED);
  expect(await readFile(join(folder(), 'file'), 'utf8')).toBe('kept\n');
  await cluster.killAgent();
  cluster.offers.clear();
  await cluster.startAgent();
  await waitFor(() => volumesOffered().includes(64), { what: 'the volume to be offered again' });
  const next = await cluster.takeOffers();
  await cluster.accept(next, [launch(inVolume('reads', 'cat data/file', 64), next[0].agentId)]);
  await cluster.until('reads', TASK_FINISHED);
  expect(await readFile(join(cluster.sandbox('reads'), 'stdout'), 'utf8')).toBe('kept\n');
  await waitFor(() => volumesOffered().includes(64), { what: 'the volume to be free' });
  const last = await cluster.takeOffers();
  await cluster.accept(last, [
    { type: 5, destroy: { volumes: [volume(64)] } },
    { type: 3, unreserve: { resources: [reserved('disk', 64)] } },
  ]);
  await waitFor(() => !existsSync(folder()), { what: 'the data to be gone' });
});

test('a volume grows and shrinks', async () => {
  const offer = await cluster.takeOffers();
  await cluster.accept(offer, [
    { type: 2, reserve: { resources: [reserved('disk', 100)] } },
    { type: 4, create: { volumes: [volume(40)] } },
  ]);
  await waitFor(() => volumesOffered().includes(40), { what: 'the volume' });
  const grow = await cluster.takeOffers();
  await cluster.accept(grow, [
    { type: 11, growVolume: { volume: volume(40), addition: reserved('disk', 60) } },
  ]);
  await waitFor(() => volumesOffered().includes(100), { what: 'the larger volume' });
  const shrink = await cluster.takeOffers();
  await cluster.accept(shrink, [
    { type: 12, shrinkVolume: { volume: volume(100), subtract: { value: 30 } } },
  ]);
  await waitFor(() => volumesOffered().includes(70), { what: 'the smaller volume' });
  expect(existsSync(folder())).toBe(true);
});

test('tasks that the agent does not know are told of when they are asked about', async () => {
  await cluster.framework?.call({
    type: 9,
    reconcile: { tasks: [{ taskId: { value: 'never' }, agentId: { value: cluster.agentId } }] },
  });
  await cluster.until('never', TaskState.TASK_GONE);
});

test('after a reboot tasks are told to have failed, and nothing of them is looked for', async () => {
  await cluster.launch({
    ...cluster.task('rebooted', { command: { shell: true, value: 'sleep 4713' } }),
    resources: [scalar('cpus', 0.1), scalar('mem', 32)] as never,
  });
  const { containerStatus } = await cluster.until('rebooted', TASK_RUNNING);
  await cluster.killAgent();
  const started = join(
    cluster.workDir,
    'containers/process/containers',
    containerStatus?.containerId?.value ?? '',
    'start.json',
  );
  const { identity, status } = JSON.parse(await readFile(started, 'utf8'));
  process.kill(-identity.pid, 'SIGKILL');
  // As if that had been before the boot of now.
  await writeFile(started, JSON.stringify({ status, identity: { ...identity, bootId: 'before' } }));
  await writeFile(join(cluster.workDir, 'meta/boot_id'), 'before');
  await waitFor(() => !existsSync(`/proc/${identity.pid}/exe`), { what: 'the end of its processes' });
  await writeFile(
    join(cluster.workDir, 'containers/process/exits', containerStatus?.containerId?.value ?? ''),
    '',
  );
  await cluster.startAgent();
  const failed = await cluster.until('rebooted', TASK_FAILED);
  expect(failed).toMatchObject({ reason: TaskStatus_Reason.AGENT_RESTARTED });
  const left = () => readdir(join(cluster.workDir, 'containers/process/containers'));
  await waitFor(async () => (await left()).length === 0, { what: 'nothing to be left' });
});

test('draining ends tasks with the grace that it allows, and the agent takes no others', async () => {
  const killPolicy = { gracePeriod: { nanoseconds: 600_000_000_000n } };
  await cluster.launch({
    ...cluster.task('drained', { command: { shell: true, value: 'trap "" TERM; sleep 1000' }, killPolicy }),
    resources: [scalar('cpus', 0.1), scalar('mem', 32)] as never,
  });
  await cluster.until('drained', TASK_RUNNING);
  const agentId = { value: cluster.agentId } as never;
  const maxGracePeriod = { nanoseconds: 200_000_000n } as never;
  await client.call({ type: calls.DRAIN_AGENT, drainAgent: { agentId, maxGracePeriod } });
  expect(await cluster.until('drained', TASK_KILLED)).toMatchObject({
    reason: TaskStatus_Reason.AGENT_DRAINING,
  });
  const drained = async () => {
    const answer = await client.call({ type: calls.GET_AGENTS });
    return answer?.getAgents?.agents[0]?.drainInfo?.state === 2;
  };
  await waitFor(drained, { what: 'the master to see it drained' });
  await client.call({ type: calls.REACTIVATE_AGENT, reactivateAgent: { agentId } });
  await cluster.takeOffer();
});

test('other resources end the start, unless there are only more of them and that is allowed', async () => {
  await cluster.killAgent();
  const resources = 'cpus:12;mem:4096;disk:1000;ports:[31000-32000]';
  await cluster.startAgent({ resources });
  await cluster.agent?.exit;
  expect(cluster.agent?.ended).toMatch(/^exit code [1-9]/);
  const log = await readFile(`${cluster.folder}/agent.log`, 'utf8');
  expect(log).toContain('the agent is not what it was: resources were');
  cluster.offers.clear();
  await cluster.startAgent({ resources, reconfiguration_policy: 'additive' });
  const offer = await cluster.takeOffer();
  expect(Resources.from(offer.resources).thousandths('cpus')).toBe(12_000);
  // For the next.
  cluster.offers.set(offer.id.value, offer);
});

test('an agent that is drained for good ends with its tasks, which are gone', async () => {
  const task = cluster.task('gone', { command: { shell: true, value: 'sleep 1000' } });
  await cluster.launch({ ...task, resources: [scalar('cpus', 0.1), scalar('mem', 32)] as never });
  await cluster.until('gone', TASK_RUNNING);
  const drainAgent = { agentId: { value: cluster.agentId } as never, markGone: true };
  await client.call({ type: calls.DRAIN_AGENT, drainAgent });
  expect(await cluster.until('gone', TaskState.TASK_GONE_BY_OPERATOR)).toMatchObject({
    reason: TaskStatus_Reason.AGENT_DRAINING,
  });
  await cluster.agent?.exit;
  expect(cluster.agent?.ended).toBe('exit code 1');
});
