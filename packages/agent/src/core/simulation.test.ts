/**
 * One agent that lives through crashes, broken connections and a network that delays, repeats and reorders, by seed.
 * Messages under way are lost with the process, as those on a TCP connection are.
 */
import { internal, isTerminal, makeMessage, TaskState } from '@orchestrator/mesos';
import { type Random, seededRandom } from '@orchestrator/runtime';
import { expect, test } from 'vitest';
import type { MasterMessage } from './events.ts';
import {
  commandTask,
  frameworkId,
  registered,
  reregistered,
  runTask,
  ScriptedAgent,
} from './scripted-agent.ts';
import type { Action } from './turn.ts';

const order: readonly TaskState[] = [TaskState.TASK_STARTING, TaskState.TASK_RUNNING, TaskState.TASK_KILLING];
const rank = (state: TaskState) => (isTerminal(state) ? order.length : order.indexOf(state));

class World {
  readonly random: Random;
  readonly agent: ScriptedAgent;
  /** To the agent and, as thunks, to the master. */
  #late: (() => void)[] = [];
  readonly seen = new Map<string, TaskState[]>();
  readonly exits = new Map<string, number>();
  readonly containerOf = new Map<string, string>();
  readonly sent = new Set<string>();
  #taken = new Set<string>();

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.agent = new ScriptedAgent((action) => this.#perform(action), seed);
    this.agent.tell({ type: 'recovered', containers: [], isRebooted: false });
    this.agent.tell({ type: 'detected', master: 'master@10.0.0.1:5050' });
  }

  #deliver(work: () => void): void {
    const copies = this.random.below(100) < 15 ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) this.#late.push(work);
  }

  toAgent(message: MasterMessage): void {
    this.#deliver(() => this.agent.message(message));
  }

  #perform(action: Action): void {
    if (action.type === 'launch') {
      const taskId = action.order.task?.taskId.value ?? '';
      expect(this.containerOf.has(taskId), `${taskId} launched twice`).toBe(false);
      this.containerOf.set(taskId, action.order.containerId);
      const { containerId } = action.order;
      const status = { containerId, runtime: 'process', pid: 7, ipAddresses: [], hostNetwork: true };
      this.#late.push(() => this.agent.tell({ type: 'launched', containerId, status }));
    } else if (action.type === 'kill') {
      const { containerId } = action;
      this.#late.push(() => this.exit(containerId, 143));
    } else if (action.type === 'send') this.#receive(action);
  }

  #receive({ schema, message }: Extract<Action, { type: 'send' }>): void {
    const { typeName } = schema;
    if (typeName === internal.RegisterSlaveMessageSchema.typeName) {
      this.toAgent({ name: 'registered', message: registered() });
    } else if (typeName === internal.ReregisterSlaveMessageSchema.typeName) {
      this.toAgent({ name: 'reregistered', message: reregistered() });
    } else if (typeName === internal.StatusUpdateMessageSchema.typeName) {
      const { update } = message as unknown as internal.StatusUpdateMessageValid;
      this.#deliver(() => this.#update(update));
    }
  }

  #update({ status, uuid }: internal.StatusUpdateValid): void {
    const { taskId, state } = status;
    const key = Buffer.from(uuid).toString('hex');
    if (!this.#taken.has(key)) {
      this.#taken.add(key);
      this.seen.set(taskId.value, [...(this.seen.get(taskId.value) ?? []), state]);
    }
    const init = { agentId: { value: 'S0' }, frameworkId, taskId, uuid };
    this.toAgent({
      name: 'acknowledgeUpdate',
      message: makeMessage(internal.StatusUpdateAcknowledgementMessageSchema, init),
    });
  }

  exit(containerId: string, code: number): void {
    const taskId = [...this.containerOf].find(([, id]) => id === containerId)?.[0] ?? '';
    if (this.exits.has(taskId)) return;
    this.exits.set(taskId, code);
    this.agent.end(containerId, code);
  }

  #crash(): void {
    this.#late = [];
    // Some containers end while nobody looks.
    for (const [taskId, containerId] of this.containerOf) {
      const container = this.agent.containers.get(containerId);
      if (container?.termination !== undefined || this.random.below(100) >= 30) continue;
      this.exits.set(taskId, 3);
      if (container) container.termination = { reason: 'exited', exitCode: 3, message: 'exited' };
    }
    this.agent.restart();
  }

  step(): void {
    const dice = this.random.below(100);
    if (dice < 10 && this.sent.size < 12) {
      const taskId = `t${this.sent.size}`;
      if (this.agent.state.phase !== 'running') return;
      this.sent.add(taskId);
      this.toAgent(runTask(commandTask(taskId)));
    } else if (dice < 13) this.#crash();
    else if (dice < 15) this.agent.tell({ type: 'masterExited', master: 'master@10.0.0.1:5050' });
    else if (dice < 20) {
      const taskId = { value: `t${this.random.below(this.sent.size + 1)}` };
      const kill = makeMessage(internal.KillTaskMessageSchema, { frameworkId, taskId });
      const states = this.seen.get(taskId.value) ?? [];
      // A master asks for the end of none that it has seen the end of.
      if (states.length > 0 && !states.some(isTerminal)) this.toAgent({ name: 'killTask', message: kill });
    } else if (dice < 28) {
      const containers = [...this.containerOf.values()];
      const containerId = containers[this.random.below(containers.length + 1)];
      if (containerId !== undefined) this.exit(containerId, this.random.below(2));
    } else if (dice < 40) this.fireOne();
    else this.deliverOne();
  }

  fireOne(): void {
    const keys = [...this.agent.timers.keys()].filter((key) => key !== 'ping');
    const key = keys[this.random.below(Math.max(1, keys.length))];
    if (key !== undefined) this.agent.fire(key);
  }

  deliverOne(): void {
    const [work] = this.#late.splice(this.random.below(Math.max(1, this.#late.length)), 1);
    work?.();
  }

  /** Nothing goes wrong any more. */
  settle(): void {
    for (let turn = 0; turn < 2_000; turn++) {
      if (turn % 3 === 0) this.fireOne();
      for (const containerId of this.containerOf.values()) this.exit(containerId, 0);
      this.deliverOne();
    }
    while (this.#late.length > 0) this.deliverOne();
  }
}

test.each(Array.from({ length: 150 }, (_, seed) => seed))(
  'seed %i: nothing is lost, nothing runs twice',
  (seed) => {
    const world = new World(seed);
    for (let turn = 0; turn < 600; turn++) world.step();
    world.settle();
    for (const taskId of world.containerOf.keys()) {
      const states = world.seen.get(taskId) ?? [];
      const last = states.at(-1);
      expect(states.map(rank), `${taskId} ${states}`).toEqual(states.map(rank).toSorted((a, b) => a - b));
      expect(states.filter(isTerminal), taskId).toHaveLength(1);
      const code = world.exits.get(taskId);
      if (code === 0 && last !== TaskState.TASK_KILLED) expect(last, taskId).toBe(TaskState.TASK_FINISHED);
      if (last === TaskState.TASK_FINISHED) expect(code, taskId).toBe(0);
    }
    expect([...world.agent.state.streams.keys()]).toEqual([]);
    expect([...world.agent.disk.keys()].filter((key) => key.startsWith('frameworks'))).toEqual([]);
  },
);
