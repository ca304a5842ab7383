/** A master over real sockets that does what a test says, and notes what agents send. */
import { createServer } from 'node:http';
import {
  createLibprocess,
  createSharedServer,
  formatUpid,
  internal,
  type LocalProcess,
  makeMessage,
  onMessage,
  routeMessages,
  TaskInfoSchema,
  type TaskInfoValid,
  type Upid,
} from '@orchestrator/mesos';
import { waitFor } from '@orchestrator/testing';

export const frameworkId = { value: 'F-0001' };

export class ScriptedMaster {
  readonly updates: internal.StatusUpdateValid[] = [];
  readonly registrations: internal.RegisterSlaveMessageValid[] = [];
  readonly reregistrations: internal.ReregisterSlaveMessageValid[] = [];
  readonly exited: internal.ExitedExecutorMessageValid[] = [];
  /** Pongs that came. */
  pongs = 0;
  acknowledges = true;
  /** Nobody hears of agents that come while it is false. */
  admits = true;
  agent: Upid | undefined;
  readonly #process: LocalProcess;
  readonly #close: () => void;

  constructor(port: number) {
    const libprocess = createLibprocess({ address: { host: '127.0.0.1', port } });
    const server = createSharedServer({ libprocess, http: createServer() });
    this.#process = libprocess.spawn('master', this.#handler());
    server.listen(port, '127.0.0.1');
    this.#close = () => {
      libprocess.close();
      server.close();
    };
  }

  #handler() {
    const agentId = { value: 'M-S0' };
    return routeMessages([
      onMessage(internal.RegisterSlaveMessageSchema, (message, from) => {
        this.registrations.push(message);
        if (this.admits) this.#admit(from, internal.SlaveRegisteredMessageSchema);
      }),
      onMessage(internal.ReregisterSlaveMessageSchema, (message, from) => {
        this.reregistrations.push(message);
        if (this.admits) this.#admit(from, internal.SlaveReregisteredMessageSchema);
      }),
      onMessage(internal.StatusUpdateMessageSchema, ({ update }) => {
        this.updates.push(update);
        const { status, uuid } = update;
        if (!this.acknowledges) return;
        const acknowledgement = { agentId, frameworkId: update.frameworkId, taskId: status.taskId, uuid };
        this.send(internal.StatusUpdateAcknowledgementMessageSchema, acknowledgement);
      }),
      onMessage(internal.ExitedExecutorMessageSchema, (message) => void this.exited.push(message)),
      onMessage(internal.PongSlaveMessageSchema, () => void this.pongs++),
    ]);
  }

  #admit(
    from: Upid,
    schema: typeof internal.SlaveRegisteredMessageSchema | typeof internal.SlaveReregisteredMessageSchema,
  ): void {
    this.agent = from;
    const connection = { totalPingTimeoutSeconds: 75 };
    this.send(schema, { agentId: { value: 'M-S0' }, connection });
  }

  send<Schema extends Parameters<typeof makeMessage>[0]>(
    schema: Schema,
    init: Parameters<typeof makeMessage<Schema>>[1],
  ): void {
    if (this.agent === undefined) throw new Error('no agent has registered');
    this.#process.send(this.agent, schema, makeMessage(schema, init));
  }

  run(task: TaskInfoValid): void {
    const framework = { user: 'root', name: 'f', id: frameworkId, checkpoint: true, roles: ['*'] };
    this.send(internal.RunTaskMessageSchema, { framework, task, pid: '' });
  }

  ping(): void {
    this.send(internal.PingSlaveMessageSchema, { connected: true });
  }

  statesOf(taskId: string): number[] {
    const own = this.updates.filter(({ status }) => status.taskId.value === taskId);
    return [...new Set(own.map(({ status }) => status.state))];
  }

  async untilRegistered(): Promise<void> {
    const isThere = () => this.registrations.length > 0 && this.agent !== undefined;
    await waitFor(isThere, { what: 'the registration' });
  }

  /** After a restart: an agent that is not answered at once registers more than once. */
  async untilReregistered(): Promise<void> {
    await waitFor(() => this.reregistrations.length > 0, { what: 'the registration again' });
  }

  get pid(): string {
    return formatUpid(this.#process.pid);
  }

  close(): void {
    this.#process.close();
    this.#close();
  }
}

export function task(taskId: string, script: string, more: Record<string, unknown> = {}): TaskInfoValid {
  const scalar = (name: string, value: number) => ({
    ...{ name, type: 0 as const, scalar: { value } },
    allocationInfo: { role: '*' },
  });
  return makeMessage(TaskInfoSchema, {
    ...{ name: taskId, taskId: { value: taskId }, agentId: { value: 'M-S0' } },
    resources: [scalar('cpus', 0.1), scalar('mem', 32)],
    command: { value: script },
    ...more,
  });
}
