/**
 * Agents and frameworks that live through a network which delays, repeats, reorders and loses their messages, broken
 * connections, unanswered pings and failovers of the master, by seed. Failing seeds are printed by Vitest's title.
 */
import {
  internal,
  isTerminal,
  makeMessage,
  Offer_Operation_Type,
  Resources,
  scheduler,
  TaskSchema,
  TaskState,
} from '@orchestrator/mesos';
import { type Random, seededRandom } from '@orchestrator/runtime';
import { expect, test } from 'vitest';
import { makeMasterInfo } from '../election/member.ts';
import type { MessageFromAgent } from './events.ts';
import {
  agentInfo,
  allAgentCapabilities,
  frameworkInfo,
  ScriptedCluster,
  statusUpdate,
  task,
} from './scripted-cluster.ts';

const { Call_Type: call, Event_Type: event } = scheduler;

interface SimulatedTask {
  readonly frameworkId: string;
  readonly taskId: string;
  state: TaskState;
  uuid: Uint8Array<ArrayBuffer>;
  acknowledged: boolean;
}

class SimulatedAgent {
  readonly pid: string;
  id: string | undefined;
  readonly tasks = new Map<string, SimulatedTask>();
  readonly launched = new Map<string, number>();
  isFrozen = false;

  constructor(number: number) {
    this.pid = `slave(1)@127.0.0.1:${5100 + number}`;
  }
}

class World {
  readonly random: Random;
  cluster: ScriptedCluster;
  readonly agents: SimulatedAgent[];
  frameworkId = '';
  connection = 0;
  nextTask = 0;
  /** Tasks whose end the framework has acknowledged. */
  readonly ended = new Set<string>();
  readonly #late: (() => void)[] = [];
  #isDelivering = false;
  #masters = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.cluster = this.#newMaster();
    this.agents = [1, 2, 3].map((number) => new SimulatedAgent(number));
    this.subscribe();
  }

  #newMaster(stored?: ScriptedCluster['registry']): ScriptedCluster {
    const id = `M${this.#masters++}`;
    return new ScriptedCluster({
      masterInfo: makeMasterInfo({ id, ip: '127.0.0.1', port: 5050, hostname: 'm', version: '1.12.0' }),
      ...{ agentPingTimeoutMs: 1000, maxAgentPingTimeouts: 3, agentReregisterTimeoutMs: 20_000 },
      ...(stored === undefined ? {} : { stored }),
    });
  }

  chance = (percent: number) => this.random.below(100) < percent;

  /** On the network: now, later, twice, or not at all. */
  post(deliver: () => void): void {
    if (this.chance(10)) return;
    if (this.chance(30)) this.#late.push(deliver);
    else deliver();
    if (this.chance(15)) this.#late.push(deliver);
  }

  subscribe(): void {
    const init = this.frameworkId === '' ? {} : { id: this.frameworkId };
    this.frameworkId = this.cluster.subscribe(`c${++this.connection}`, init);
  }

  step(): void {
    const { random, cluster } = this;
    switch (random.below(12)) {
      case 0:
        this.#register(this.#agent());
        return;
      case 1:
        this.#launch();
        return;
      case 2:
        this.#end(this.#agent());
        return;
      case 3:
      case 4:
        for (const agent of this.agents) this.#repeatUpdates(agent);
        return;
      case 5:
        cluster.advance(500 + random.below(1500));
        return;
      case 6: {
        const agent = this.#agent();
        agent.isFrozen = this.chance(40);
        return;
      }
      case 7:
        cluster.send({ type: 'agent-disconnected', pid: this.#agent().pid });
        return;
      case 8: {
        const late = this.#late.splice(random.below(this.#late.length + 1), 1);
        for (const deliver of late) deliver();
        return;
      }
      case 9:
        if (this.chance(30)) this.subscribe();
        return;
      case 10:
        if (this.chance(15)) this.#failOver();
        return;
      default:
        cluster.call(this.frameworkId, { type: call.RECONCILE, reconcile: {} });
    }
  }

  /** Whatever is on the way arrives, everyone comes back, and nothing is lost any more. */
  settle(): void {
    for (const deliver of this.#late.splice(0)) deliver();
    this.chance = () => false;
    for (let round = 0; round < 8; round++) {
      for (const agent of this.agents) {
        agent.isFrozen = false;
        this.#register(agent);
        this.#repeatUpdates(agent);
      }
      this.#deliver();
      this.cluster.advance(100);
    }
  }

  #agent(): SimulatedAgent {
    const agent = this.agents[this.random.below(this.agents.length)];
    if (agent === undefined) throw new Error('no agents');
    return agent;
  }

  #failOver(): void {
    this.cluster = this.#newMaster(this.cluster.registry);
    this.subscribe();
  }

  #fromAgent(agent: SimulatedAgent, message: MessageFromAgent): void {
    if (agent.isFrozen) return;
    const { cluster } = this;
    this.post(() => {
      if (cluster !== this.cluster) return; // its master is dead
      cluster.fromAgent(agent.pid, message);
      this.#deliver();
    });
  }

  #register(agent: SimulatedAgent): void {
    const about = { version: '1.12.0', agentCapabilities: allAgentCapabilities };
    const info = agentInfo('cpus:4;mem:4096', 'h', agent.id);
    if (agent.id === undefined) {
      const message = makeMessage(internal.RegisterSlaveMessageSchema, { agent: info, ...about });
      this.#fromAgent(agent, { name: 'RegisterSlaveMessage', message });
      return;
    }
    const tasks = [...agent.tasks.values()].map(({ frameworkId, taskId, state }) =>
      makeMessage(TaskSchema, {
        ...{ name: taskId, taskId: { value: taskId }, frameworkId: { value: frameworkId }, state },
        agentId: { value: agent.id ?? '' },
        resources: task(taskId, '').resources,
      }),
    );
    const frameworks = [frameworkInfo({ id: this.frameworkId })];
    const message = makeMessage(internal.ReregisterSlaveMessageSchema, {
      agent: info,
      ...about,
      tasks,
      frameworks,
    });
    this.#fromAgent(agent, { name: 'ReregisterSlaveMessage', message });
  }

  #launch(): void {
    const { cluster, frameworkId } = this;
    cluster.allocate();
    const [offer] = cluster.offersOf(frameworkId);
    if (offer === undefined) return;
    const tasks = [task(`t${this.nextTask++}`, offer.agentId), task(`t${this.nextTask++}`, offer.agentId)];
    cluster.call(frameworkId, {
      type: call.ACCEPT,
      accept: {
        offerIds: [{ value: offer.id }],
        operations: [{ type: Offer_Operation_Type.LAUNCH, launch: { taskInfos: tasks } }],
        filters: { refuseSeconds: 0 },
      },
    });
    this.#deliver();
  }

  #end(agent: SimulatedAgent): void {
    for (const each of agent.tasks.values()) {
      if (isTerminal(each.state) || !each.acknowledged) continue;
      each.state = TaskState.TASK_FINISHED;
      each.uuid = this.#uuid();
      each.acknowledged = false;
      this.#update(agent, each);
      return;
    }
  }

  #uuid(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length: 16 }, () => this.random.below(256));
  }

  #update(agent: SimulatedAgent, each: SimulatedTask): void {
    this.#fromAgent(
      agent,
      statusUpdate(each.frameworkId, agent.id ?? '', each.taskId, each.state, each.uuid),
    );
  }

  #repeatUpdates(agent: SimulatedAgent): void {
    for (const each of [...agent.tasks.values()]) if (!each.acknowledged) this.#update(agent, each);
  }

  /** Messages to agents, and the framework's answers to its events. */
  #deliver(): void {
    if (this.#isDelivering) return; // what comes of it waits its turn
    this.#isDelivering = true;
    while (this.cluster.toAgents.length + this.cluster.toFrameworks.length > 0) this.#deliverSome();
    this.#isDelivering = false;
  }

  #deliverSome(): void {
    const { cluster } = this;
    for (const { pid, message } of cluster.sent()) {
      const agent = this.agents.find((each) => each.pid === pid);
      if (agent === undefined || agent.isFrozen) continue;
      if (message.name === 'RunTaskMessage') this.#run(agent, message.message);
      if (message.name === 'SlaveRegisteredMessage') agent.id ??= message.message.agentId.value;
      if (message.name === 'SlaveReregisteredMessage') this.#denyUnknown(agent, message.message);
      if (message.name === 'PingSlaveMessage') {
        this.#fromAgent(agent, {
          name: 'PongSlaveMessage',
          message: makeMessage(internal.PongSlaveMessageSchema, {}),
        });
      }
      if (message.name === 'StatusUpdateAcknowledgementMessage') this.#acknowledged(agent, message.message);
    }
    for (const { event: told, connection } of cluster.toFrameworks.splice(0)) {
      const { update, type } = told;
      const isOurs = connection.kind === 'http' && connection.connectionId === `c${this.connection}`;
      if (type !== event.UPDATE || !isOurs) continue;
      const status = update?.status;
      if (status?.agentId === undefined || status.uuid.length === 0) continue;
      if (isTerminal(status.state)) this.ended.add(status.taskId.value);
      const { agentId, taskId, uuid } = status;
      const frameworkId = this.frameworkId;
      this.post(() => {
        this.cluster.call(frameworkId, { type: call.ACKNOWLEDGE, acknowledge: { agentId, taskId, uuid } });
        this.#deliver();
      });
    }
  }

  #run(agent: SimulatedAgent, { task: info, framework }: internal.RunTaskMessageValid): void {
    // A late copy of its first message has made another agent of it, which it has not heard of: not its task.
    if (info.agentId.value !== agent.id) return;
    const taskId = info.taskId.value;
    agent.launched.set(taskId, (agent.launched.get(taskId) ?? 0) + 1);
    const frameworkId = framework.id?.value ?? '';
    const state = TaskState.TASK_RUNNING;
    const started = { frameworkId, taskId, state, uuid: this.#uuid(), acknowledged: false };
    agent.tasks.set(taskId, started);
    this.#update(agent, started);
  }

  /** The master thinks it runs these: it never got them, or has told of their end. */
  #denyUnknown(agent: SimulatedAgent, { reconciliations }: internal.SlaveReregisteredMessageValid): void {
    for (const { frameworkId, statuses } of reconciliations) {
      for (const { taskId } of statuses) {
        if (agent.tasks.has(taskId.value)) continue;
        const dropped = {
          ...{ frameworkId: frameworkId.value, taskId: taskId.value, state: TaskState.TASK_DROPPED },
          ...{ uuid: this.#uuid(), acknowledged: false },
        };
        agent.tasks.set(taskId.value, dropped);
        this.#update(agent, dropped);
      }
    }
  }

  #acknowledged(
    agent: SimulatedAgent,
    { taskId, uuid }: internal.StatusUpdateAcknowledgementMessageValid,
  ): void {
    const each = agent.tasks.get(taskId.value);
    if (each === undefined || Buffer.compare(each.uuid, uuid) !== 0) return;
    each.acknowledged = true;
    if (isTerminal(each.state)) agent.tasks.delete(taskId.value);
  }
}

/** What is held and what is free of an agent is what it has, in the core's books and in the allocator's. */
function checkBooks({ cluster }: World): void {
  for (const agent of cluster.core.state.agents.values()) {
    const tasks = [...agent.tasks.values()].flatMap((each) => [...each.values()]);
    const held = Resources.sum(tasks.filter((each) => !each.released).map((each) => each.resources));
    expect(String(Resources.sum(agent.used.values()))).toBe(String(held));
    const offered = Resources.sum([...agent.offers].map((offer) => offer.resources));
    // Messages that came late can tell of more, or of fewer tasks than there are: what is held may be more than all.
    const free = agent.total.minus(held.allocatedTo(undefined));
    const fits = free.contains(offered.allocatedTo(undefined));
    expect(fits, `${offered} is offered, ${free} is free`).toBe(true);
    for (const each of tasks) {
      expect(cluster.core.state.frameworks.get(each.frameworkId)?.tasks.get(each.taskId)).toBe(each);
    }
  }
}

const seeds = Array.from({ length: 150 }, (_, index) => index + 1);

test.each(seeds)('seed %i: books balance, nothing runs twice, nothing that runs is forgotten', (seed) => {
  const world = new World(seed);
  for (let step = 0; step < 250; step++) {
    world.step();
    checkBooks(world);
  }
  world.settle();
  checkBooks(world);
  for (const agent of world.agents) {
    for (const [taskId, times] of agent.launched) expect(times, taskId).toBe(1);
    for (const { taskId, state } of agent.tasks.values()) {
      expect(world.ended.has(taskId) && !isTerminal(state)).toBe(false);
      const known = world.cluster.core.state.frameworks.get(world.frameworkId)?.tasks.get(taskId);
      expect(known?.agentId, `${taskId} runs on ${agent.id}`).toBe(agent.id);
    }
    const record = world.cluster.core.state.agents.get(agent.id ?? '');
    expect(record?.connected, `${agent.id} is back`).toBe(true);
    for (const tasks of record?.tasks.values() ?? []) {
      for (const each of tasks.values()) {
        expect(agent.tasks.has(each.taskId) || isTerminal(each.message.state), `${each.taskId} is real`).toBe(
          true,
        );
      }
    }
  }
});
