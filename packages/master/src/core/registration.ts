/** Agents register, for the first time or again. */
import {
  AgentIDSchema,
  AgentInfoSchema,
  type AgentInfoValid,
  type internal,
  makeMessage,
  internal as messages,
  Resources,
  setResourceFormats,
  TaskState,
  TaskStatus_Reason,
  type TaskValid,
} from '@orchestrator/mesos';
import type { IdentifiedAgentInfo } from '../registrar/agents.ts';
import {
  addAgent,
  agentCapabilities,
  makeAgent,
  type NewAgent,
  refreshActive,
  removeAgent,
  totalOf,
  watch,
} from './agents.ts';
import { sendKill } from './calls.ts';
import { log, type MasterContext, toAgent, write } from './context.ts';
import { tellToDrain } from './drain.ts';
import { agentFacts, hold } from './holdings.ts';
import { idError } from './ids.ts';
import { rescindOffersOf } from './offers.ts';
import { parsePid } from './pid.ts';
import { readoptTasks, reconcileAgent } from './readoption.ts';
import type { AgentRecord } from './records.ts';
import { resourcesError } from './task-validation.ts';

const oldestVersion = [1, 0, 0];

function isOldVersion(version: string): boolean {
  const parts = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  if (parts === undefined) return true;
  for (const [index, least] of oldestVersion.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part < least;
  }
  return false;
}

function shutDown(context: MasterContext, pid: string, message: string): void {
  log(context, 'warn', 'agent told to shut down', { upid: pid, message });
  toAgent(context, pid, 'ShutdownMessage', makeMessage(messages.ShutdownMessageSchema, { message }));
}

type Registration = internal.RegisterSlaveMessageValid | internal.ReregisterSlaveMessageValid;

/** What cannot be counted cannot be kept; undefined when all is well. */
function contentError(message: Registration): string | undefined {
  const own = resourcesError(message.agent.resources) ?? resourcesError(message.checkpointedResources);
  if (own !== undefined || !('tasks' in message)) return own;
  for (const task of message.tasks) {
    const error = idError(task.taskId.value) ?? resourcesError(task.resources);
    if (error !== undefined) return `Task ${task.taskId.value}: ${error}`;
  }
  for (const executor of message.executorInfos) {
    const error = resourcesError(executor.resources);
    if (error !== undefined) return `Executor ${executor.executorId.value}: ${error}`;
  }
  return undefined;
}

function isMachineDown(context: MasterContext, info: AgentInfoValid, pid: string): boolean {
  const key = `${info.hostname.toLowerCase()}|${parsePid(pid).host}`;
  return context.state.machines.get(key)?.mode === 'down';
}

/** Why the agent is not let in; undefined when it is. Says so to the agent where it would otherwise try for ever. */
function refused(
  context: MasterContext,
  pid: string,
  message: Registration,
  principal: string | undefined,
): boolean {
  const { agent: info, version } = message;
  const error = contentError(message);
  if (error !== undefined) {
    log(context, 'warn', 'registration of an agent is not valid', { upid: pid, error });
    return true;
  }
  if (isOldVersion(version)) {
    log(context, 'warn', 'agent is too old', { upid: pid, version });
    return true;
  }
  if (info.domain === undefined && context.options.requiresAgentDomain) {
    log(context, 'warn', 'agent names no domain, and has to', { upid: pid });
    return true;
  }
  if (info.domain !== undefined && context.options.masterInfo.domain === undefined) {
    log(context, 'warn', 'agent names a domain, and this master has none', { upid: pid });
    return true;
  }
  if (isMachineDown(context, info, pid)) {
    shutDown(context, pid, 'Machine is `DOWN`');
    return true;
  }
  if (!context.options.authorizer(principal, 'register_agent', undefined)) {
    shutDown(context, pid, 'Not authorized to register');
    return true;
  }
  return false;
}

const connectionOf = (context: MasterContext) => ({
  totalPingTimeoutSeconds: (context.options.agentPingTimeoutMs * context.options.maxAgentPingTimeouts) / 1000,
});

function confirmRegistered(context: MasterContext, agent: AgentRecord): void {
  const message = makeMessage(messages.SlaveRegisteredMessageSchema, {
    agentId: { value: agent.id },
    connection: connectionOf(context),
  });
  toAgent(context, agent.pid, 'SlaveRegisteredMessage', message);
}

function upgraded(info: AgentInfoValid): AgentInfoValid {
  setResourceFormats(AgentInfoSchema, info, 'stack');
  return info;
}

/** RegisterSlaveMessage: an agent without an id. */
export function onRegister(
  context: MasterContext,
  pid: string,
  message: internal.RegisterSlaveMessageValid,
  principal: string | undefined,
): void {
  const { state } = context;
  context.counters.add('master/messages_register_slave');
  if (state.transitions.has(pid) || refused(context, pid, message, principal)) return;
  const before = state.agents.get(state.agentIdByPid.get(pid) ?? '');
  if (before?.connected === true) {
    confirmRegistered(context, before);
    return;
  } // the answer was lost
  if (before !== undefined) {
    replace(context, before, pid, message);
    return;
  }
  admit(context, pid, message);
}

/** Another agent at the address of one that went: the old one will not come back from there. */
function replace(
  context: MasterContext,
  before: AgentRecord,
  pid: string,
  message: internal.RegisterSlaveMessageValid,
): void {
  const { state } = context;
  if (state.transitions.has(before.id)) return;
  state.transitions.set(before.id, 'removing');
  write(context, { type: 'remove-agent', agentId: before.id }, () => {
    state.transitions.delete(before.id);
    context.counters.add('master/slave_removals');
    context.counters.add('master/slave_removals/reason_registered');
    removeAgent(context, before, {
      taskState: TaskState.TASK_GONE,
      reason: TaskStatus_Reason.AGENT_REMOVED,
      message: 'A new agent registered at the same address',
    });
    admit(context, pid, message);
  });
}

function admit(context: MasterContext, pid: string, message: internal.RegisterSlaveMessageValid): void {
  const { state, options } = context;
  const id = `${options.masterInfo.id}-S${state.nextAgentNumber++}`;
  const info = upgraded(message.agent);
  Object.assign(info, { id: makeMessage(AgentIDSchema, { value: id }) });
  state.transitions.set(pid, 'registering');
  write(context, { type: 'admit-agent', info: info as IdentifiedAgentInfo }, (outcome) => {
    state.transitions.delete(pid);
    if ('refusal' in outcome) return log(context, 'warn', 'agent not admitted', { upid: pid, ...outcome });
    const agent = makeAgent({
      ...factsOf(context, id, pid, message),
      registeredAtMs: context.nowMs,
      reregisteredAtMs: undefined,
      drainInfo: undefined,
      deactivated: false,
    });
    state.agents.set(id, agent);
    context.counters.add('master/slave_registrations');
    log(context, 'info', 'agent registered', { agentId: id, upid: pid, hostname: info.hostname });
    confirmRegistered(context, agent);
    addAgent(context, agent);
  });
}

function factsOf(
  context: MasterContext,
  id: string,
  pid: string,
  message: internal.RegisterSlaveMessageValid | internal.ReregisterSlaveMessageValid,
): Omit<NewAgent, 'registeredAtMs' | 'reregisteredAtMs' | 'drainInfo' | 'deactivated'> {
  const { agent: info, version, agentCapabilities: capabilities, checkpointedResources } = message;
  return {
    ...{ id, info, pid, version: version === '' ? context.options.masterInfo.version : version },
    capabilities: agentCapabilities(capabilities),
    total: totalOf(info, checkpointedResources),
    resourceVersion: message.resourceVersionUuid,
  };
}

/** ReregisterSlaveMessage: an agent with an id and all that it runs. */
export function onReregister(
  context: MasterContext,
  pid: string,
  message: internal.ReregisterSlaveMessageValid,
  principal: string | undefined,
): void {
  const { state } = context;
  context.counters.add('master/messages_reregister_slave');
  const id = message.agent.id?.value;
  if (id === undefined || refused(context, pid, message, principal)) return;
  if (state.goneAgents.has(id)) {
    shutDown(context, pid, 'Agent has been marked gone');
    return;
  }
  const transition = state.transitions.get(id);
  if (transition !== undefined) return; // it tries again
  const agent = state.agents.get(id);
  if (agent !== undefined) {
    returnKnown(context, agent, pid, message);
    return;
  }
  upgraded(message.agent);
  state.transitions.set(id, 'reregistering');
  const wasUnreachable = state.unreachableAgents.has(id);
  write(context, { type: 'mark-reachable', info: message.agent as IdentifiedAgentInfo }, (outcome) => {
    state.transitions.delete(id);
    if ('refusal' in outcome) return shutDown(context, pid, outcome.refusal);
    const marks = context.registry().admitted.get(id);
    const { drainInfo, deactivated = false } = marks ?? {};
    readmit(context, pid, message, { drainInfo, deactivated, wasUnreachable });
  });
}

function readmit(
  context: MasterContext,
  pid: string,
  message: internal.ReregisterSlaveMessageValid,
  before: Pick<AgentRecord, 'drainInfo' | 'deactivated'> & { readonly wasUnreachable: boolean },
): void {
  const id = message.agent.id?.value ?? '';
  const { drainInfo, deactivated, wasUnreachable } = before;
  const agent = makeAgent({
    ...factsOf(context, id, pid, message),
    registeredAtMs: context.nowMs,
    reregisteredAtMs: context.nowMs,
    ...{ drainInfo, deactivated },
  });
  context.state.agents.set(id, agent);
  context.counters.add('master/slave_reregistrations');
  log(context, 'info', 'agent registered again', { agentId: id, upid: pid, wasUnreachable });
  readoptTasks(context, agent, message, wasUnreachable);
  confirmReregistered(context, agent, message);
  addAgent(context, agent);
  tellToDrain(context, agent);
}

function confirmReregistered(
  context: MasterContext,
  agent: AgentRecord,
  message: internal.ReregisterSlaveMessageValid,
): void {
  const reregistered = makeMessage(messages.SlaveReregisteredMessageSchema, {
    agentId: { value: agent.id },
    reconciliations: reconcileAgent(context, agent, message.tasks as readonly TaskValid[]),
    connection: connectionOf(context),
  });
  toAgent(context, agent.pid, 'SlaveReregisteredMessage', reregistered);
}

/** Tasks that the agent has and the books do not: an earlier message of its that came late had told of fewer. */
function returnTasks(
  context: MasterContext,
  agent: AgentRecord,
  message: internal.ReregisterSlaveMessageValid,
): void {
  const before = new Map(agent.used);
  readoptTasks(context, agent, message, false);
  // What was offered may be what these hold.
  if (![...agent.used].every(([id, used]) => before.get(id)?.equals(used))) rescindOffersOf(context, agent);
  for (const [frameworkId, used] of agent.used) {
    hold(context, frameworkId, agent.id, used.minus(before.get(frameworkId) ?? Resources.none));
  }
}

/** The agent is in the books: its connection broke, it was restarted, or our answer was lost. */
function returnKnown(
  context: MasterContext,
  agent: AgentRecord,
  pid: string,
  message: internal.ReregisterSlaveMessageValid,
): void {
  const [before, now] = [parsePid(agent.pid), parsePid(pid)];
  if (before.host !== now.host || agent.info.hostname !== message.agent.hostname) {
    shutDown(
      context,
      pid,
      `Agent attempted to re-register with different IP / hostname (was ${before.host} / ${agent.info.hostname})`,
    );
    return;
  }
  const { state } = context;
  upgraded(message.agent);
  state.transitions.set(agent.id, 'reregistering');
  write(context, { type: 'update-agent', info: message.agent as IdentifiedAgentInfo }, () => {
    state.transitions.delete(agent.id);
    if (state.agents.get(agent.id) !== agent) return;
    if (agent.pid !== pid) context.actions.push({ type: 'unlink', pid: agent.pid });
    state.agentIdByPid.delete(agent.pid);
    const { total, info, version, capabilities, resourceVersion } = factsOf(context, agent.id, pid, message);
    Object.assign(agent, { total, info, version, capabilities, resourceVersion, pid, url: undefined });
    agent.connected = true;
    agent.reregisteredAtMs = context.nowMs;
    context.timers.cancel(`unreachable ${agent.id}`);
    context.counters.add('master/slave_reregistrations');
    context.allocator.setAgent(agent.id, agentFacts(agent));
    returnTasks(context, agent, message);
    confirmReregistered(context, agent, message);
    refreshActive(context, agent);
    watch(context, agent);
    tellToDrain(context, agent);
    for (const [key, call] of agent.killsWaiting) sendKill(context, key.split(' ')[0] ?? '', pid, call);
  });
}
