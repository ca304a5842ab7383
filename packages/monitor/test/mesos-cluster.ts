/** A real cluster: a master, an agent in a process of its own, and a framework that runs shell commands on it. */
import { fileURLToPath } from 'node:url';
import {
  createFixedDetector,
  createSchedulerClient,
  makeMessage,
  Resources,
  type SchedulerClient,
  scheduler,
  TaskInfoSchema,
} from '@orchestrator/mesos';
import { freePorts, removeFolder, startProcess, temporaryFolder, waitFor } from '@orchestrator/testing';

const { Call_Type: calls } = scheduler;

type Offer = NonNullable<
  Parameters<Parameters<typeof createSchedulerClient>[0]['onEvent']>[0]['offers']
>['offers'][number];

export interface MesosCluster extends AsyncDisposable {
  readonly address: string;
  readonly frameworkId: string;
  run(taskId: string, command: string, cpus?: number): Promise<void>;
  /** Kills it, and starts it again. */
  restartMaster(): Promise<void>;
}

export async function startMesos(): Promise<MesosCluster> {
  const folder = await temporaryFolder('mesos');
  const [masterPort = 0, agentPort = 0] = await freePorts(2);
  const args = [`--ip=127.0.0.1`, `--port=${masterPort}`, `--work_dir=${folder}`, '--cluster=tests'];
  const url = `http://127.0.0.1:${masterPort}`;
  const program = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const startMaster = async () => {
    const started = await startProcess({
      command: process.execPath,
      args: [program('master-program.ts'), folder, ...args],
      logFile: `${folder}/master.log`,
    });
    // What is not ready yet answers with an error.
    const leads = () =>
      fetch(`${url}/state`).then(
        ({ status }) => status === 200,
        () => false,
      );
    await waitFor(leads, { what: 'the master to lead' });
    return started;
  };
  let master = await startMaster();
  const flags = {
    ...{ master: `127.0.0.1:${masterPort}`, ip: '127.0.0.1', port: String(agentPort), hostname: 'h' },
    ...{ work_dir: `${folder}/agent`, registration_backoff_factor: '10ms', containerizers: 'process' },
    ...{ resources: 'cpus:4;mem:2048;disk:1000;ports:[31000-31009]', attributes: 'rack:r1' },
  };
  const agent = await startProcess({
    command: process.execPath,
    args: [program('agent-program.ts'), JSON.stringify(flags)],
    logFile: `${folder}/agent.log`,
  });
  const offers = new Map<string, Offer>();
  const framework: SchedulerClient = createSchedulerClient({
    detector: createFixedDetector({ host: '127.0.0.1', port: masterPort }),
    frameworkInfo: {
      ...{ user: 'root', name: 'shell', roles: ['eng'], checkpoint: true, failoverTimeout: 600 },
      capabilities: [{ type: 6 }],
    },
    onEvent: async (event) => {
      for (const offer of event.offers?.offers ?? []) offers.set(offer.id?.value ?? '', offer);
      if (event.rescind !== undefined) offers.delete(event.rescind.offerId?.value ?? '');
      const status = event.update?.status;
      if (status === undefined || status.uuid.length === 0 || status.agentId === undefined) return;
      const { agentId, taskId, uuid } = status;
      await framework.call({ type: calls.ACKNOWLEDGE, acknowledge: { agentId, taskId, uuid } } as never);
    },
    ...{ firstDelayMs: 50, maxDelayMs: 200 },
  });
  framework.done.catch(() => undefined);
  await waitFor(() => framework.subscribed, { what: 'the subscription' });
  return {
    address: `127.0.0.1:${masterPort}`,
    get frameworkId() {
      return framework.frameworkId ?? '';
    },
    async run(taskId, command, cpus = 0.5) {
      const [offerId, offer] = await waitFor(() => [...offers][0], { what: 'an offer' });
      offers.delete(offerId);
      const task = makeMessage(TaskInfoSchema, {
        ...{ name: taskId, taskId: { value: taskId }, agentId: { value: offer.agentId?.value ?? '' } },
        command: { shell: true, value: command },
        resources: Resources.parse(`cpus:${cpus};mem:64`).allocatedTo('eng').toMessages(),
        labels: { labels: [{ key: 'tier', value: 'front' }] },
      });
      const operations = [{ type: 1, launch: { taskInfos: [task] } }];
      const accept = { offerIds: [{ value: offerId }], operations, filters: { refuseSeconds: 0 } };
      await framework.call({ type: calls.ACCEPT, accept } as never);
    },
    async restartMaster() {
      master.signal('SIGKILL');
      await master.exit;
      master = await startMaster();
    },
    async [Symbol.asyncDispose]() {
      await framework.call({ type: calls.TEARDOWN }).catch(() => undefined); // a test may have done so
      framework.close();
      await waitFor(
        async () => {
          const state = (await (await fetch(`http://127.0.0.1:${agentPort}/state`)).json()) as never;
          return (state as { frameworks: unknown[] }).frameworks.length === 0;
        },
        { what: 'the tasks to end' },
      );
      for (const server of [agent, master]) {
        server.signal('SIGTERM');
        await server.exit;
      }
      await removeFolder(folder);
    },
  };
}
