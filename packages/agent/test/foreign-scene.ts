/** An agent in a process of its own between two masters of Mesos that are played to it. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeMessage, internal } from '@orchestrator/mesos';
import {
  freePorts,
  removeFolder,
  type ServerProcess,
  startProcess,
  temporaryFolder,
  waitFor,
} from '@orchestrator/testing';
import { agentNodeFlags } from '../src/index.ts';
import { ForeignMaster, type Heard, recordedBody } from './foreign-master.ts';
import { field, replaced } from './wire-message.ts';

/** Ids of the recording: a framework whose driver is not partition-aware, and one over HTTP that is. */
export const driver = '321a1cc4-df3a-4dac-a5b8-a13363a59115-0000';
export const pods = '1c4bb5be-bdc7-437a-be4c-d816141cca6d-0000';

/** A message that holds nothing but an id. */
export const idOf = (number: number, id: string): Buffer => field(number, field(1, id));

/** Its length in nanoseconds, as DurationInfo has it. */
export const duration = (milliseconds: number): Buffer => field(1, milliseconds * 1_000_000);

/** Of FrameworkInfo. */
export const capability = { killingState: field(10, field(1, 2)), partitionAware: field(10, field(1, 5)) };

interface RunOptions {
  taskId?: string;
  command?: string;
  /** Fields of FrameworkInfo, of TaskInfo and of the message, beside those recorded. */
  framework?: Buffer;
  task?: Buffer;
  more?: Buffer;
}

const recordedVersion = (
  schema: typeof internal.RunTaskMessageSchema | typeof internal.RunTaskGroupMessageSchema,
) => Buffer.from(decodeMessage(schema, recordedBody(schema.name)).resourceVersionUuids[0]?.uuid.value ?? []);

export class ForeignScene {
  readonly workDir: string;
  readonly agentPort: number;
  /** Whoever leads. */
  master: ForeignMaster;
  readonly standby: ForeignMaster;
  readonly #masters: readonly ForeignMaster[];
  #agent: ServerProcess | undefined;
  #version: Buffer = Buffer.alloc(0);

  private constructor(workDir: string, agentPort: number, master: ForeignMaster, standby: ForeignMaster) {
    this.workDir = workDir;
    this.agentPort = agentPort;
    this.master = master;
    this.standby = standby;
    this.#masters = [master, standby];
    standby.leader = master;
  }

  static async start(): Promise<ForeignScene> {
    const workDir = await temporaryFolder('foreign-master');
    const [agentPort = 0] = await freePorts(1);
    const [master, standby] = [await ForeignMaster.start(agentPort), await ForeignMaster.start(agentPort)];
    const scene = new ForeignScene(workDir, agentPort, master, standby);
    await scene.startAgent();
    return scene;
  }

  get agent(): ServerProcess {
    if (this.#agent === undefined) throw new Error('there is no agent yet');
    return this.#agent;
  }

  /** With what the recorded agent had. */
  async startAgent(): Promise<void> {
    const program = fileURLToPath(new URL('agent-daemon.ts', import.meta.url));
    const masters = this.#masters.map(({ port }) => `127.0.0.1:${port}`).join();
    const flags = {
      ...{ master: masters, port: String(this.agentPort), work_dir: this.workDir },
      ...{ hostname: '127.0.0.5', attributes: 'rack:r1;zone:z1' },
      ...{ resources: 'cpus:8;mem:8192;disk:20000;ports:[31000-32000];bandwidth:1000' },
      ...{ registration_backoff_factor: '10ms', containerizers: 'process' },
    };
    const args = [...agentNodeFlags, program, JSON.stringify(flags)];
    const logFile = join(this.workDir, 'agent.log');
    this.#agent = await startProcess({ command: process.execPath, args, logFile });
  }

  /** kill -9 and a start; resolves when the master has let it in again. */
  async restartAgent(): Promise<Heard> {
    const { master } = this;
    const before = master.all('ReregisterSlaveMessage').length;
    this.agent.signal('SIGKILL');
    await this.agent.exit;
    await this.startAgent();
    return await this.readmit(before + 1);
  }

  /** Lets it in when it has asked for so many times. */
  async readmit(count = 1): Promise<Heard> {
    const { master } = this;
    const updates = master.all('UpdateSlaveMessage').length;
    const again = await master.hear('ReregisterSlaveMessage', count);
    const { resourceVersionUuid } = decodeMessage(internal.ReregisterSlaveMessageSchema, again.body);
    this.#version = Buffer.from(resourceVersionUuid?.value ?? []);
    const recorded = recordedBody('SlaveReregisteredMessage');
    await master.say('SlaveReregisteredMessage', replaced(recorded, ['-S1', '-S0']));
    await master.hear('UpdateSlaveMessage', updates + 1);
    return again;
  }

  async register(): Promise<Heard> {
    const { master } = this;
    const registration = await master.hear('RegisterSlaveMessage');
    const { resourceVersionUuid } = decodeMessage(internal.RegisterSlaveMessageSchema, registration.body);
    this.#version = Buffer.from(resourceVersionUuid?.value ?? []);
    await master.say('SlaveRegisteredMessage');
    await master.say('PingSlaveMessage', undefined, { from: 'slave-observer(1)' });
    await master.hear('PongSlaveMessage');
    return registration;
  }

  /** Makes a recorded decision one on this agent's resources. */
  decided(body: Buffer, version: Buffer): Buffer {
    return replaced(body, [version, this.#version]);
  }

  /** The recorded launch of the task `0`. What comes later in a message of protobuf adds to it, or replaces it. */
  run({ taskId, command, framework, task, more = Buffer.alloc(0) }: RunOptions = {}): Buffer {
    const { RunTaskMessageSchema: schema } = internal;
    const fields = [
      ...(taskId === undefined ? [] : [idOf(2, taskId)]),
      ...(command === undefined ? [] : [field(7, field(3, command))]),
      ...(task === undefined ? [] : [task]),
    ];
    return Buffer.concat([
      this.decided(recordedBody(schema.name), recordedVersion(schema)),
      ...(framework === undefined ? [] : [field(2, framework)]),
      ...(fields.length === 0 ? [] : [field(4, Buffer.concat(fields))]),
      more,
    ]);
  }

  /** The recorded launch of a group, whose agent is this one. */
  runGroup(): Buffer {
    const { RunTaskGroupMessageSchema: schema } = internal;
    const body = this.decided(recordedBody(schema.name), recordedVersion(schema));
    return replaced(body, ['a13363a59115-S1', 'a13363a59115-S0']);
  }

  /** The recorded acknowledgement, of this update. */
  async acknowledge({ uuid, frameworkId, status }: internal.StatusUpdateValid): Promise<void> {
    const recorded = recordedBody('StatusUpdateAcknowledgementMessage');
    const body = replaced(recorded, [recorded.subarray(-16), Buffer.from(uuid)]);
    const ids = [idOf(2, frameworkId.value), idOf(3, status.taskId.value)];
    await this.master.say('StatusUpdateAcknowledgementMessage', Buffer.concat([body, ...ids]));
  }

  /** Acknowledges what comes of a task until it is in a state. */
  async follow(taskId: string, state: number): Promise<internal.StatusUpdateValid> {
    const acknowledged = new Set<string>();
    const next = async () => {
      for (const update of this.master.updates(taskId)) {
        const uuid = Buffer.from(update.uuid).toString('hex');
        if (acknowledged.has(uuid)) continue;
        acknowledged.add(uuid);
        await this.acknowledge(update);
      }
      return this.master.updates(taskId).find(({ status }) => status.state === state);
    };
    const states = () =>
      this.master.updates(taskId).map(({ status }) => `${status.state} (${status.message})`);
    return await waitFor(next, { what: () => `state ${state} of ${taskId}; there were ${states().join()}` });
  }

  async state(): Promise<{ frameworks: { id: string; name: string }[]; drain_config?: unknown }> {
    const answer = await fetch(`http://127.0.0.1:${this.agentPort}/state`);
    return (await answer.json()) as Awaited<ReturnType<ForeignScene['state']>>;
  }

  /** Ends all tasks, and then the agent. */
  async end(): Promise<void> {
    for (const id of [driver, pods]) await this.master.say('ShutdownFrameworkMessage', idOf(1, id));
    const isOver = async () => this.agent.ended !== undefined || (await this.state()).frameworks.length === 0;
    try {
      await waitFor(isOver, { what: 'the end of all tasks' });
    } finally {
      this.agent.signal('SIGKILL');
      await this.agent.exit;
      for (const master of this.#masters) master.close();
      await removeFolder(this.workDir);
    }
  }
}
