/** A framework library that others wrote for Mesos (npm's mesos-framework), unchanged, against our master. */
import { removeFolder, temporaryFolder, waitFor } from '@orchestrator/testing';
import mesosFramework from 'mesos-framework';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type OneMaster, startMaster } from './one-master.ts';
import { SimulatedAgent } from './simulated-agent.ts';

const { Mesos, Scheduler } = mesosFramework;
const { CommandInfo } = Mesos.getMesos();

interface Update {
  readonly status: {
    readonly task_id: { readonly value: string };
    readonly agent_id: { readonly value: string };
    readonly state: string;
    readonly uuid?: string;
    readonly reason?: string;
  };
}

let master: OneMaster;
let agent: SimulatedAgent;
let folder: string;
let scheduler: InstanceType<typeof Scheduler>;
let updates: Update[];
let errors: unknown[];

beforeEach(async () => {
  folder = await temporaryFolder('foreign');
  master = await startMaster();
  agent = await SimulatedAgent.start();
  agent.register(master.service.info?.pid ?? '');
  updates = [];
  errors = [];
  scheduler = new Scheduler({
    ...{ masterUrl: master.host, port: master.port, frameworkName: 'foreign', restartStates: [] },
    logging: { path: folder, fileName: 'framework.log', level: 'silent' },
    tasks: {
      sleepers: {
        ...{ priority: 1, instances: 3 },
        commandInfo: new CommandInfo(null, null, true, 'sleep 1000', null, null),
        resources: { cpus: 0.5, mem: 64, ports: 2, disk: 0 },
      },
    },
  });
  scheduler.on('update', (update: Update) => updates.push(update));
  scheduler.on('error', (error: unknown) => errors.push(error));
});

afterEach(async () => {
  await agent?.[Symbol.asyncDispose]();
  await master?.[Symbol.asyncDispose]();
  await removeFolder(folder);
});

const statesOf = (state: string) => updates.filter(({ status }) => status.state === state);

const seen = () => JSON.stringify({ errors, updates }).slice(0, 2000);

test('subscribe, launch on offers, updates, reconcile, kill, revive, teardown', async () => {
  const subscribed = new Promise<{ frameworkId: string }>((resolve) => scheduler.once('subscribed', resolve));
  scheduler.once('ready', () => scheduler.subscribe());
  const { frameworkId } = await subscribed;
  await waitFor(() => statesOf('TASK_RUNNING').length === 3, { what: () => `three tasks to run: ${seen()}` });
  await waitFor(() => agent.acknowledged.length === 3, { what: 'the acknowledgements' });
  const ports = [...agent.tasks.values()].map(({ info }) =>
    info.resources.find(({ name }) => name === 'ports'),
  );
  expect(new Set(ports.flatMap((each) => each?.ranges?.range.map(({ begin }) => begin))).size).toBe(6);

  scheduler.reconcile();
  const reconciled = () => updates.filter(({ status }) => status.reason === 'REASON_RECONCILIATION');
  await waitFor(() => reconciled().length === 3, { what: () => `the answers to RECONCILE: ${seen()}` });

  const [first] = statesOf('TASK_RUNNING');
  if (first === undefined) throw new Error('no update');
  scheduler.kill(first.status.task_id.value, first.status.agent_id.value);
  await waitFor(() => statesOf('TASK_KILLED').length === 1, { what: () => `the task to end: ${seen()}` });

  const offers = new Promise((resolve) => scheduler.once('offers', resolve));
  scheduler.revive();
  await offers;

  const core = master.service.leading?.core;
  expect([...(core?.state.frameworks.keys() ?? [])]).toEqual([frameworkId]);
  expect(errors).toEqual([]);
  scheduler.teardown();
  await waitFor(() => core?.state.completedFrameworks.has(frameworkId) === true, { what: 'the teardown' });
});
