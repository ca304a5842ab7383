/**
 * Who says what to whom, in files that can be read: `data/transcripts`. A change of a file is a change of the protocol;
 * `vitest -u` writes them anew.
 */
import {
  createFixedDetector,
  decodeMessage,
  internal,
  type ReceivedMessage,
  scheduler,
  TaskState,
  writeJson,
} from '@orchestrator/mesos';
import { type Ensemble, removeFolder, startEnsemble, temporaryFolder, waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OneMaster, startMaster } from './one-master.ts';
import { type RawEvent, RawFramework } from './raw-framework.ts';
import { SimulatedAgent } from './simulated-agent.ts';
import { TestFramework } from './test-framework.ts';
import { Transcript } from './transcript.ts';

const messages = new Map(
  [internal, scheduler].flatMap((module) =>
    Object.values(module).flatMap((value) =>
      typeof value === 'object' && 'kind' in value && value.kind === 'message'
        ? [[value.typeName, value] as const]
        : [],
    ),
  ),
);

/** A libprocess message by its short name, with its body as JSON. */
function said(
  transcript: Transcript,
  from: string,
  to: string,
  { type, body }: Pick<ReceivedMessage, 'type' | 'body'>,
): void {
  const schema = messages.get(type);
  const json =
    schema === undefined
      ? undefined
      : (JSON.parse(writeJson(schema, decodeMessage(schema, body), { names: 'v0' })) as unknown);
  transcript.add(from, to, type.slice(type.lastIndexOf('.') + 1), json);
}

const resources = 'cpus:1;mem:128';

async function startAgent(transcript: Transcript): Promise<SimulatedAgent> {
  return await SimulatedAgent.start({
    resources,
    onSent: (message) => said(transcript, 'agent', 'master', message),
    onReceived: (message) => said(transcript, 'master', 'agent', message),
  });
}

const file = (name: string) => `data/transcripts/${name}.txt`;

const info = {
  ...{ user: 'root', name: 'told', roles: ['web'], failover_timeout: 60, checkpoint: true },
  capabilities: [{ type: 'MULTI_ROLE' }, { type: 'PARTITION_AWARE' }],
};

/** Requests and events of a framework. */
class ToldFramework extends RawFramework {
  readonly #transcript: Transcript;
  /** Events that came before the answer to a call, which comes on another connection. */
  #early: RawEvent[] | undefined;

  constructor(master: OneMaster, transcript: Transcript) {
    super(master, (event: RawEvent) => {
      if (this.#early === undefined) this.#hear(event);
      else this.#early.push(event);
    });
    this.#transcript = transcript;
  }

  #hear({ type, ...body }: RawEvent): void {
    this.#transcript.add('master', 'framework', type, Object.keys(body).length === 0 ? undefined : body);
  }

  async tell(call: Readonly<Record<string, unknown>> & { readonly type: string }): Promise<void> {
    const { type, ...body } = call;
    this.#transcript.add('framework', 'master', type, Object.keys(body).length === 0 ? undefined : body);
    this.#early = [];
    const { status } = await this.call(call);
    this.#transcript.add('master', 'framework', String(status));
    for (const event of this.#early) this.#hear(event);
    this.#early = undefined;
  }
}

const offerOf = (event: RawEvent) =>
  (event.offers as { offers: { id: { value: string }; agent_id: { value: string } }[] }).offers[0];

interface Status {
  readonly task_id: object;
  readonly agent_id: object;
  readonly uuid: string;
}

const statusOf = (event: RawEvent) => (event.update as { status: Status }).status;

test('an agent registers, and is seen to live', async () => {
  const transcript = new Transcript();
  await using master = await startMaster();
  await using agent = await startAgent(transcript);
  agent.register(master.service.info?.pid ?? '');
  await waitFor(() => transcript.count('agent -> master: PongSlaveMessage') > 0, { what: 'the first pong' });
  await expect(transcript.text()).toMatchFileSnapshot(file('agent-registration'));
});

test("a framework's session: a task from offer to end", async () => {
  const transcript = new Transcript();
  await using master = await startMaster();
  await using agent = await SimulatedAgent.start({ resources });
  agent.register(master.service.info?.pid ?? '');
  await waitFor(() => agent.id !== undefined, { what: 'the agent' });
  const framework = new ToldFramework(master, transcript);
  transcript.add('framework', 'master', 'SUBSCRIBE', { framework_info: info });
  await framework.subscribe(info);
  const offer = offerOf(await framework.heard('OFFERS'));
  const task = {
    ...{ name: 'sleep', task_id: { value: 't1' }, agent_id: offer?.agent_id },
    resources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 0.5 } }],
    command: { value: 'sleep 1000' },
  };
  const operations = [{ type: 'LAUNCH', launch: { task_infos: [task] } }];
  const filters = { refuse_seconds: 3600 };
  await framework.tell({ type: 'ACCEPT', accept: { offer_ids: [offer?.id], operations, filters } });
  const running = statusOf(await framework.heard('UPDATE'));
  const { task_id, agent_id, uuid } = running;
  await framework.tell({ type: 'ACKNOWLEDGE', acknowledge: { task_id, agent_id, uuid } });
  await framework.tell({ type: 'RECONCILE', reconcile: { tasks: [] } });
  await framework.heard('UPDATE', 2);
  await framework.tell({ type: 'SUPPRESS' });
  await framework.tell({ type: 'KILL', kill: { task_id } });
  const killed = statusOf(await framework.heard('UPDATE', 3));
  await framework.tell({ type: 'ACKNOWLEDGE', acknowledge: { task_id, agent_id, uuid: killed.uuid } });
  await framework.tell({ type: 'TEARDOWN' });
  await waitFor(() => framework.hasEnded, { what: 'the stream to end' });
  await expect(transcript.text()).toMatchFileSnapshot(file('framework-session'));
});

let ensemble: Ensemble;
let folder: string;

beforeAll(async () => {
  [ensemble, folder] = await Promise.all([startEnsemble({ servers: 1 }), temporaryFolder('transcripts')]);
});

afterAll(async () => {
  await ensemble?.close();
  if (folder !== undefined) await removeFolder(folder);
});

test('a failover: the agent brings its task to the next leader, the framework asks for it', async () => {
  const transcript = new Transcript();
  const flags = { zk: `zk://${ensemble.connectString}/mesos`, store: `sqlite:${folder}/registry.db` };
  const first = await startMaster(flags);
  await waitFor(() => first.service.leading !== undefined, { what: 'the first to lead' });
  await using agent = await startAgent(new Transcript());
  agent.register(first.service.info?.pid ?? '');
  const before = new TestFramework({
    detector: createFixedDetector({ host: first.host, port: first.port }),
  });
  await before.launch(await before.offer(), 't1');
  await before.areRunning('t1');
  const { id = '' } = before;
  await before[Symbol.asyncDispose]();

  await using second = await startMaster(flags);
  await first[Symbol.asyncDispose]();
  await waitFor(() => second.service.leading !== undefined, { what: 'the second to lead' });
  transcript.part('The agent has seen in ZooKeeper who leads now.');
  agent.listen({
    onSent: (message) => said(transcript, 'agent', 'master', message),
    onReceived: (message) => said(transcript, 'master', 'agent', message),
  });
  agent.register(second.service.info?.pid ?? '');
  await waitFor(() => transcript.count('agent -> master: PongSlaveMessage') > 0, { what: 'the agent' });
  const toAgent = new Transcript();
  agent.listen({ onReceived: (message) => said(toAgent, 'master', 'agent', message) });
  transcript.part('The framework too.');
  const framework = new ToldFramework(second, transcript);
  const again = { ...info, id: { value: id } };
  transcript.add('framework', 'master', 'SUBSCRIBE', { framework_info: again });
  await framework.subscribe(again, { framework_id: { value: id } });
  await waitFor(() => toAgent.count('master -> agent: UpdateFrameworkMessage') > 0, {
    what: 'the agent to know',
  });
  await framework.heard('OFFERS');
  await framework.tell({ type: 'RECONCILE', reconcile: { tasks: [] } });
  await framework.heard('UPDATE');
  framework.close();
  transcript.part('The agent hears of it.');
  transcript.include(toAgent);
  expect([...agent.tasks.values()].map(({ state }) => state)).toEqual([TaskState.TASK_RUNNING]);
  await expect(transcript.text()).toMatchFileSnapshot(file('failover'));
});
