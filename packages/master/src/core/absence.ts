/** Agents that go: connections that break, pings without an answer, agents that are given up or say good-bye. */
import {
  isTerminal,
  makeMessage,
  internal as messages,
  TaskState,
  TaskStatus_Reason,
} from '@orchestrator/mesos';
import { ping, type Removal, refreshActive, removeAgent } from './agents.ts';
import { log, type MasterContext, nanosecondsOf, toAgent, write } from './context.ts';
import { tellAgentRemoved } from './operator-events.ts';
import type { AgentRecord } from './records.ts';
import { masterStatus, sendStatus } from './statuses.ts';
import { removeExecutor, removeTask, updateTask } from './tasks.ts';

/** Its socket broke. Frameworks without checkpointing lose their tasks at once: nothing of them outlives the agent. */
export function onAgentDisconnected(context: MasterContext, agent: AgentRecord): void {
  if (!agent.connected) return;
  agent.connected = false;
  log(context, 'warn', 'agent disconnected', { agentId: agent.id, upid: agent.pid });
  refreshActive(context, agent);
  for (const [frameworkId, tasks] of [...agent.tasks]) {
    const framework = context.state.frameworks.get(frameworkId);
    if (framework === undefined || framework.info.checkpoint) continue;
    for (const task of [...tasks.values()]) {
      if (!isTerminal(task.message.state)) {
        const status = masterStatus(context, framework, {
          ...{ taskId: task.taskId, agentId: agent.id, state: TaskState.TASK_LOST },
          reason: TaskStatus_Reason.AGENT_DISCONNECTED,
          message: 'Agent disconnected from the master',
        });
        updateTask(context, task, status);
        sendStatus(context, framework, status);
      }
      removeTask(context, task, 'completed');
    }
    for (const executorId of [...(agent.executors.get(frameworkId)?.keys() ?? [])]) {
      removeExecutor(context, framework, agent, executorId);
    }
  }
}

export function onPong(context: MasterContext, agent: AgentRecord): void {
  agent.unansweredPings = 0;
  if (!context.timers.has(`unreachable ${agent.id}`)) return;
  context.timers.cancel(`unreachable ${agent.id}`);
  context.counters.add('master/slave_unreachable_canceled');
}

/** A ping's time is over: was it answered? */
export function onPingDue(context: MasterContext, agent: AgentRecord): void {
  agent.unansweredPings++;
  if (agent.unansweredPings > context.options.maxAgentPingTimeouts - 1) {
    giveUp(context, agent);
    return;
  }
  ping(context, agent);
}

/** Now, or when the limit on removals allows it. */
function giveUp(context: MasterContext, agent: AgentRecord): void {
  const { options, state, timers } = context;
  ping(context, agent);
  const name = `unreachable ${agent.id}`;
  if (timers.has(name) || state.transitions.has(agent.id)) return;
  context.counters.add('master/slave_unreachable_scheduled');
  const intervalMs = options.agentRemovalIntervalMs;
  const atMs =
    intervalMs === undefined || state.lastRemovalAtMs === undefined
      ? context.steadyMs
      : Math.max(context.steadyMs, state.lastRemovalAtMs + intervalMs);
  if (intervalMs !== undefined) state.lastRemovalAtMs = atMs;
  timers.set(name, atMs, { type: 'unreachable', agentId: agent.id });
}

/** The time has come: it is unreachable as soon as the registry says so. */
export function markUnreachable(
  context: MasterContext,
  agent: AgentRecord,
  message = 'health check timed out',
): void {
  const { state } = context;
  if (state.transitions.has(agent.id)) return;
  state.transitions.set(agent.id, 'marking-unreachable');
  const atNs = nanosecondsOf(context.nowMs);
  write(context, { type: 'mark-unreachable', agentId: agent.id, atNs }, (outcome) => {
    state.transitions.delete(agent.id);
    if ('refusal' in outcome || state.agents.get(agent.id) !== agent) return;
    state.unreachableAgents.set(agent.id, atNs);
    context.counters.add('master/slave_unreachable_completed');
    context.counters.add('master/slave_removals');
    context.counters.add('master/slave_removals/reason_unhealthy');
    log(context, 'warn', 'agent is unreachable', { agentId: agent.id, message });
    removeAgent(context, agent, {
      ...{ taskState: TaskState.TASK_UNREACHABLE, reason: TaskStatus_Reason.AGENT_REMOVED },
      ...{ message, unreachableAtNs: atNs },
    });
  });
}

/** UnregisterSlaveMessage: it leaves for good and has ended what it ran. */
export function onUnregister(context: MasterContext, agent: AgentRecord): void {
  const { state } = context;
  context.counters.add('master/messages_unregister_slave');
  if (state.transitions.has(agent.id)) return;
  state.transitions.set(agent.id, 'removing');
  write(context, { type: 'remove-agent', agentId: agent.id }, () => {
    state.transitions.delete(agent.id);
    if (state.agents.get(agent.id) !== agent) return;
    context.counters.add('master/slave_removals');
    context.counters.add('master/slave_removals/reason_unregistered');
    const removal: Removal = {
      taskState: TaskState.TASK_GONE,
      reason: TaskStatus_Reason.AGENT_REMOVED,
      message: 'Agent unregistered',
    };
    removeAgent(context, agent, removal);
    tellAgentRemoved(context, agent.id);
  });
}

/** An operator says that it will never come back. `done` hears when it is stored. */
export function markGone(
  context: MasterContext,
  agentId: string,
  done: (outcome: 'done' | 'unknown') => void,
): void {
  const { state } = context;
  const agent = state.agents.get(agentId);
  state.transitions.set(agentId, 'marking-gone');
  const atNs = nanosecondsOf(context.nowMs);
  write(context, { type: 'mark-gone', agentId, atNs }, (outcome) => {
    state.transitions.delete(agentId);
    if ('refusal' in outcome) return done('unknown');
    state.goneAgents.set(agentId, atNs);
    state.unreachableAgents.delete(agentId);
    state.recoveredAgents.delete(agentId);
    if (agent !== undefined) {
      const message = 'Agent has been marked gone';
      toAgent(
        context,
        agent.pid,
        'ShutdownMessage',
        makeMessage(messages.ShutdownMessageSchema, { message }),
      );
      removeAgent(context, agent, {
        taskState: TaskState.TASK_GONE_BY_OPERATOR,
        reason: TaskStatus_Reason.AGENT_REMOVED_BY_OPERATOR,
        message: 'Agent has been marked gone',
      });
    }
    done('done');
  });
}
