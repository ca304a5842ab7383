import {
  DrainState,
  internal,
  maintenance,
  makeMessage,
  master,
  Offer_Operation_Type,
  scheduler,
  TaskSchema,
  TaskState,
  TaskStatus_Reason,
} from '@orchestrator/mesos';
import { describe, expect, test } from 'vitest';
import { agentInfo, ScriptedCluster, statusUpdate, task } from './scripted-cluster.ts';

const { Call_Type: call, Event_Type: event } = scheduler;
const pid = 'slave(1)@127.0.0.1:5051';
const typeNames = new Map(Object.entries(event).map(([name, value]) => [value, name]));
const types = (events: readonly scheduler.EventValid[]) => events.map(({ type }) => typeNames.get(type));

function launch(
  cluster: ScriptedCluster,
  frameworkId: string,
  tasks: readonly ReturnType<typeof task>[],
  refuseSeconds = 0,
) {
  cluster.allocate();
  const offers = cluster.offersOf(frameworkId);
  cluster.call(frameworkId, {
    type: call.ACCEPT,
    accept: {
      offerIds: offers.map(({ id }) => ({ value: id })),
      operations: [{ type: Offer_Operation_Type.LAUNCH, launch: { taskInfos: [...tasks] } }],
      filters: { refuseSeconds },
    },
  });
}

/** An agent, a framework, and a task that runs. */
function running(
  options: ConstructorParameters<typeof ScriptedCluster>[0] = {},
  info: Parameters<ScriptedCluster['subscribe']>[1] = {},
) {
  const cluster = new ScriptedCluster(options);
  const agentId = cluster.register(pid);
  const frameworkId = cluster.subscribe('c1', info);
  launch(cluster, frameworkId, [task('t1', agentId)], 3600);
  cluster.fromAgent(pid, statusUpdate(frameworkId, agentId, 't1', TaskState.TASK_RUNNING));
  cluster.heard('c1');
  cluster.sent();
  return { cluster, agentId, frameworkId };
}

describe('from subscription to the last acknowledgement', () => {
  test('a task is offered, launched, reported and forgotten, and nothing of it stays held', () => {
    const cluster = new ScriptedCluster();
    const agentId = cluster.register(pid);
    expect(agentId).toBe('M-S0');
    expect(cluster.sent().map(({ message }) => message.name)).toEqual([
      'SlaveRegisteredMessage',
      'PingSlaveMessage',
    ]);
    const frameworkId = cluster.subscribe('c1');
    expect(frameworkId).toBe('M-0000');
    launch(cluster, frameworkId, [task('t1', agentId)]);
    expect(types(cluster.heard('c1'))).toEqual(['SUBSCRIBED', 'HEARTBEAT', 'OFFERS']);
    const [run] = cluster.sent();
    expect(run?.message.name).toBe('RunTaskMessage');

    const uuid = new Uint8Array(16).fill(7);
    cluster.fromAgent(pid, statusUpdate(frameworkId, agentId, 't1', TaskState.TASK_FINISHED, uuid));
    expect(types(cluster.heard('c1'))).toEqual(['UPDATE']);
    expect(cluster.core.state.agents.get(agentId)?.used.size).toBe(0);
    expect(cluster.core.state.frameworks.get(frameworkId)?.tasks.size).toBe(1);
    cluster.call(frameworkId, {
      type: call.ACKNOWLEDGE,
      acknowledge: { agentId: { value: agentId }, taskId: { value: 't1' }, uuid },
    });
    expect(cluster.sent().map(({ message }) => message.name)).toEqual(['StatusUpdateAcknowledgementMessage']);
    expect(cluster.core.state.frameworks.get(frameworkId)?.tasks.size).toBe(0);
    expect(cluster.core.state.frameworks.get(frameworkId)?.completedTasks.size).toBe(1);
    cluster.nowMs += 6000;
    cluster.allocate();
    expect(cluster.offersOf(frameworkId)[0]?.resources.thousandths('cpus')).toBe(8000);
  });

  test('what a task asks for beyond the offer is refused in words, and nothing is taken', () => {
    const cluster = new ScriptedCluster();
    const agentId = cluster.register(pid);
    const frameworkId = cluster.subscribe('c1');
    launch(cluster, frameworkId, [task('big', agentId, 'cpus:1000;mem:32'), task('ok', agentId)]);
    const [status] = cluster.heard('c1').filter(({ type }) => type === event.UPDATE);
    expect(status?.update?.status).toMatchObject({
      state: TaskState.TASK_ERROR,
      reason: TaskStatus_Reason.TASK_INVALID,
      message: expect.stringContaining(
        'Total resources cpus(allocated: web):1000; mem(allocated: web):32 required by task',
      ),
    });
    expect([...(cluster.core.state.frameworks.get(frameworkId)?.tasks.keys() ?? [])]).toEqual(['ok']);
  });

  test('an offer that is gone drops its tasks, for a framework of before as TASK_LOST', () => {
    for (const [capabilities, state] of [
      [['MULTI_ROLE', 'PARTITION_AWARE'], TaskState.TASK_DROPPED],
      [['MULTI_ROLE'], TaskState.TASK_LOST],
    ] as const) {
      const cluster = new ScriptedCluster();
      const agentId = cluster.register(pid);
      const frameworkId = cluster.subscribe('c1', { capabilities });
      cluster.call(frameworkId, {
        type: call.ACCEPT,
        accept: {
          offerIds: [{ value: 'nope-O1' }],
          operations: [{ type: Offer_Operation_Type.LAUNCH, launch: { taskInfos: [task('t', agentId)] } }],
        },
      });
      const status = cluster.heard('c1').at(-1)?.update?.status;
      expect(status).toMatchObject({
        state,
        message: 'Task launched with invalid offers: Offer nope-O1 is no longer valid',
      });
    }
  });
});

test('an agent that says nonsense of itself is not let in, and nothing else comes of it', () => {
  const cluster = new ScriptedCluster();
  const agent = agentInfo('cpus:1');
  for (const resource of agent.resources) Object.assign(resource, { scalar: { value: -1 } });
  cluster.fromAgent(pid, {
    name: 'RegisterSlaveMessage',
    message: makeMessage(internal.RegisterSlaveMessageSchema, { agent, version: '1.12.0' }),
  });
  expect(cluster.sent()).toEqual([]);
  expect(cluster.registry.admitted.size).toBe(0);
});

describe('frameworks that come and go', () => {
  test('another subscription ends the one before', () => {
    const { cluster, frameworkId } = running();
    cluster.subscribe('c2', { id: frameworkId });
    expect(cluster.heard('c1').at(-1)?.error?.message).toBe('Framework failed over');
    expect(cluster.closed).toEqual([{ kind: 'http', connectionId: 'c1', streamId: 'c1' }]);
    expect(types(cluster.heard('c2'))).toEqual(['SUBSCRIBED', 'HEARTBEAT']);
    expect(cluster.sent().map(({ message }) => message.name)).toEqual(['UpdateFrameworkMessage']);
  });

  test('one that does not come back in time is removed with its tasks, and its id with it', () => {
    const { cluster, frameworkId } = running();
    cluster.send({
      type: 'framework-disconnected',
      connection: { kind: 'http', connectionId: 'c1', streamId: 'c1' },
    });
    cluster.advance(59_000);
    expect(cluster.core.state.frameworks.has(frameworkId)).toBe(true);
    cluster.advance(1_000);
    expect(cluster.core.state.frameworks.has(frameworkId)).toBe(false);
    expect(cluster.sent().some(({ message }) => message.name === 'ShutdownFrameworkMessage')).toBe(true);
    cluster.subscribe('c2', { id: frameworkId });
    expect(cluster.heard('c2').map((each) => each.error?.message)).toEqual(['Framework has been removed']);
  });

  test('a principal does not change', () => {
    const { cluster, frameworkId } = running({}, { principal: 'a' });
    cluster.subscribe('c2', { id: frameworkId, principal: 'b' });
    expect(cluster.heard('c2')[0]?.error?.message).toBe("Changing framework's principal is not allowed.");
  });
});

describe('agents that come and go', () => {
  const unanswered = { agentPingTimeoutMs: 1000, maxAgentPingTimeouts: 2 };

  test('unanswered pings make an agent unreachable; its tasks are known again when it is back', () => {
    const { cluster, agentId, frameworkId } = running(unanswered);
    cluster.advance(2000);
    const events = cluster.heard('c1');
    expect(types(events)).toEqual(['UPDATE', 'FAILURE']);
    expect(events[0]?.update?.status).toMatchObject({
      state: TaskState.TASK_UNREACHABLE,
      reason: TaskStatus_Reason.AGENT_REMOVED,
      message: 'health check timed out',
    });
    cluster.call(frameworkId, { type: call.RECONCILE, reconcile: { tasks: [{ taskId: { value: 't1' } }] } });
    expect(cluster.heard('c1')[0]?.update?.status.message).toBe('Reconciliation: Task is unreachable');

    cluster.fromAgent(pid, {
      name: 'ReregisterSlaveMessage',
      message: makeMessage(internal.ReregisterSlaveMessageSchema, {
        agent: agentInfo('cpus:8;mem:8192', 'h', agentId),
        version: '1.12.0',
        tasks: [runningTask(frameworkId, agentId, 't1')],
      }),
    });
    const [back] = cluster.heard('c1');
    expect(back?.update?.status).toMatchObject({
      state: TaskState.TASK_RUNNING,
      reason: TaskStatus_Reason.AGENT_REREGISTERED,
      message: 'Unreachable agent re-reregistered',
    });
    expect(cluster.registry.unreachable.size).toBe(0);
    expect(cluster.core.state.agents.get(agentId)?.used.get(frameworkId)?.thousandths('cpus')).toBe(1000);
  });

  test('a pong in time keeps it', () => {
    const { cluster, agentId } = running(unanswered);
    for (let second = 0; second < 5; second++) {
      cluster.advance(1000);
      cluster.fromAgent(pid, {
        name: 'PongSlaveMessage',
        message: makeMessage(internal.PongSlaveMessageSchema, {}),
      });
    }
    expect(cluster.core.state.agents.has(agentId)).toBe(true);
  });

  test('a broken connection ends what is not checkpointed, and only that', () => {
    for (const checkpoint of [true, false]) {
      const { cluster } = running({}, { checkpoint });
      cluster.send({ type: 'agent-disconnected', pid });
      const statuses = cluster.heard('c1').map((each) => each.update?.status);
      if (checkpoint) expect(statuses).toEqual([]);
      else
        expect(statuses).toMatchObject([
          { state: TaskState.TASK_LOST, reason: TaskStatus_Reason.AGENT_DISCONNECTED },
        ]);
    }
  });

  test('a registration whose answer was lost is answered again, under the same id', () => {
    const cluster = new ScriptedCluster();
    expect([cluster.register(pid), cluster.register(pid)]).toEqual(['M-S0', 'M-S0']);
    expect(cluster.registry.admitted.size).toBe(1);
  });

  test('a new leader finds frameworks and tasks again with the agents, and waits with judgements until then', () => {
    const before = running();
    const cluster = new ScriptedCluster({ stored: before.cluster.registry, agentReregisterTimeoutMs: 1000 });
    const { agentId, frameworkId } = before;
    cluster.subscribe('c1', { id: frameworkId });
    cluster.heard('c1');
    const reconcile = () => {
      cluster.call(frameworkId, {
        type: call.RECONCILE,
        reconcile: { tasks: [{ taskId: { value: 't1' } }] },
      });
      return cluster.heard('c1').map((each) => each.update?.status.state);
    };
    expect(reconcile()).toEqual([]);
    cluster.fromAgent(pid, {
      name: 'ReregisterSlaveMessage',
      message: makeMessage(internal.ReregisterSlaveMessageSchema, {
        agent: agentInfo('cpus:8;mem:8192', 'h', agentId),
        version: '1.12.0',
        tasks: [runningTask(frameworkId, agentId, 't1')],
      }),
    });
    expect(reconcile()).toEqual([TaskState.TASK_RUNNING]);
    cluster.advance(2000);
    expect(cluster.registry.unreachable.size).toBe(0);
  });

  test('agents that do not come back to a new leader are unreachable; too many of them end it', () => {
    const before = running();
    const cluster = new ScriptedCluster({ stored: before.cluster.registry, agentReregisterTimeoutMs: 1000 });
    cluster.advance(1000);
    expect([...cluster.registry.unreachable.keys()]).toEqual([before.agentId]);
    const again = running();
    const strict = {
      stored: again.cluster.registry,
      agentReregisterTimeoutMs: 1000,
      recoveryAgentRemovalLimit: 0.5,
    };
    expect(() => new ScriptedCluster(strict).advance(1000)).toThrow(/did not come back/);
  });
});

describe('operators', () => {
  test('a drained agent runs nothing, offers nothing, and is back when they say so', () => {
    const { cluster, agentId, frameworkId } = running();
    const drain = makeMessage(master.Call_DrainAgentSchema, { agentId: { value: agentId } });
    expect(cluster.write({ type: 'drain', call: drain })).toEqual({ status: 200 });
    expect(cluster.sent().map(({ message }) => message.name)).toEqual(['DrainSlaveMessage']);
    expect(cluster.write({ type: 'reactivate', agentId })?.message).toBe(
      'Agent is still in the DRAINING state',
    );
    const uuid = new Uint8Array(16).fill(9);
    cluster.fromAgent(pid, statusUpdate(frameworkId, agentId, 't1', TaskState.TASK_KILLED, uuid));
    const acknowledge = { agentId: { value: agentId }, taskId: { value: 't1' }, uuid };
    cluster.call(frameworkId, { type: call.ACKNOWLEDGE, acknowledge });
    expect(cluster.core.state.agents.get(agentId)?.drainInfo?.state).toBe(DrainState.DRAINED);
    cluster.nowMs += 3_600_001;
    cluster.allocate();
    expect(cluster.offersOf(frameworkId)).toEqual([]);
    expect(cluster.write({ type: 'reactivate', agentId })).toEqual({ status: 200 });
    cluster.allocate();
    expect(cluster.offersOf(frameworkId)).toHaveLength(1);
  });

  test('gone is for ever', () => {
    const { cluster, agentId } = running();
    expect(cluster.write({ type: 'mark-gone', agentId: 'nope' })?.status).toBe(404);
    expect(cluster.write({ type: 'mark-gone', agentId })).toEqual({ status: 200 });
    expect(cluster.write({ type: 'mark-gone', agentId })).toEqual({ status: 200 });
    expect(cluster.heard('c1')[0]?.update?.status.state).toBe(TaskState.TASK_GONE_BY_OPERATOR);
    cluster.sent();
    cluster.fromAgent(pid, {
      name: 'ReregisterSlaveMessage',
      message: makeMessage(internal.ReregisterSlaveMessageSchema, {
        agent: agentInfo('cpus:8', 'h', agentId),
        version: '1.12.0',
      }),
    });
    expect(cluster.sent().map(({ message }) => message.name)).toEqual(['ShutdownMessage']);
  });

  test('planned maintenance asks for the resources back', () => {
    const { cluster } = running();
    const schedule = makeMessage(maintenance.ScheduleSchema, {
      windows: [
        { machineIds: [{ hostname: 'h', ip: '127.0.0.1' }], unavailability: { start: { nanoseconds: 5n } } },
      ],
    });
    const update = makeMessage(master.Call_UpdateMaintenanceScheduleSchema, { schedule });
    expect(cluster.write({ type: 'update-schedule', call: update })).toEqual({ status: 200 });
    cluster.allocate();
    expect(types(cluster.heard('c1'))).toContain('INVERSE_OFFERS');
  });

  test('resources are reserved for a role, and taken from offers for it', () => {
    const cluster = new ScriptedCluster();
    const agentId = cluster.register(pid);
    cluster.subscribe('c1');
    cluster.allocate();
    const reserve = makeMessage(master.Call_ReserveResourcesSchema, {
      agentId: { value: agentId },
      resources: [
        {
          name: 'cpus',
          type: 0,
          scalar: { value: 2 },
          reservations: [{ type: 2, role: 'web', principal: 'ops' }],
        },
      ],
    });
    expect(cluster.write({ type: 'reserve', call: reserve }, 'ops')).toEqual({ status: 202 });
    expect(cluster.sent().at(-1)?.message.name).toBe('ApplyOperationMessage');
    expect(types(cluster.heard('c1'))).toContain('RESCIND');
    expect(String(cluster.core.state.agents.get(agentId)?.total)).toContain(
      'cpus(reservations: [(DYNAMIC,web,ops)]):2',
    );
  });
});

function runningTask(frameworkId: string, agentId: string, taskId: string) {
  const { resources } = task(taskId, agentId);
  return makeMessage(TaskSchema, {
    name: taskId,
    taskId: { value: taskId },
    frameworkId: { value: frameworkId },
    agentId: { value: agentId },
    state: TaskState.TASK_RUNNING,
    resources,
  });
}
