/** How an agent finds its way into a cluster, and back. */
import {
  AgentIDSchema,
  AgentInfo_Capability_Type,
  AgentInfoSchema,
  type AgentInfoValid,
  internal,
  makeMessage,
  Resources,
  type ResourceValid,
  TaskStatus_Reason,
} from '@orchestrator/mesos';
import { drainAgain } from './drain.ts';
import type { MasterMessage } from './events.ts';
import { coreLimits } from './records.ts';
import { resendOperations, sendResourceVersion } from './resources.ts';
import { reportUnknown } from './status.ts';
import { droppedFor } from './task-state.ts';
import { cancelTimer, findTask, isRegistered, log, save, send, type Turn, timer } from './turn.ts';
import { resendAll } from './updates.ts';

const { UNKNOWN, ...capabilityTypes } = AgentInfo_Capability_Type;
const agentCapabilities = Object.values(capabilityTypes).map((type) => ({ type }));
export const agentCapabilityNames: readonly string[] = Object.keys(capabilityTypes);

/**
 * Resources as agents of Mesos bring them: as before reservations could be refined, for masters of any version, except
 * those that only the new format can say.
 */
const oldFormat = (resources: readonly ResourceValid[]): ResourceValid[] =>
  resources.flatMap((resource) =>
    resource.reservations.length > 1 ? [resource] : Resources.from([resource]).toMessages('role'),
  );

/** A message with its resources like that. */
const inOldFormat = <Message extends { resources: ResourceValid[] }>(message: Message): Message => ({
  ...message,
  resources: oldFormat(message.resources),
});

function registrationOf(turn: Turn) {
  const { info, checkpointed, options, resourceVersion } = turn.state;
  return {
    // A master drops agents that do not keep their tasks as soon as a connection breaks.
    agent: makeMessage(AgentInfoSchema, { ...inOldFormat(info), checkpoint: true }),
    checkpointedResources: oldFormat(checkpointed.toMessages()),
    version: options.version,
    agentCapabilities,
    resourceVersionUuid: { value: resourceVersion },
  };
}

function sendRegistration(turn: Turn): void {
  const { state } = turn;
  if (state.info.id === undefined) {
    const message = makeMessage(internal.RegisterSlaveMessageSchema, registrationOf(turn));
    send(turn, state.master, internal.RegisterSlaveMessageSchema, message);
    return;
  }
  const frameworks = [...state.frameworks.values()];
  const executors = frameworks.flatMap((framework) => [...framework.executors.values()]);
  const message = makeMessage(internal.ReregisterSlaveMessageSchema, {
    ...registrationOf(turn),
    // The master takes a command task for one without an executor.
    executorInfos: executors
      .filter(({ kind, phase }) => kind !== 'command' && phase !== 'terminated')
      .map(({ info }) => inOldFormat(info)),
    tasks: executors.flatMap(({ tasks }) => [...tasks.values()].map(({ task }) => inOldFormat(task))),
    frameworks: frameworks.map(({ info }) => info),
    completedFrameworks: state.completedFrameworks.map(({ info, pid, completedExecutors }) => ({
      frameworkInfo: info,
      ...(pid !== undefined && { pid }),
      tasks: completedExecutors.flatMap(({ completedTasks }) => completedTasks.map(inOldFormat)),
    })),
  });
  send(turn, state.master, internal.ReregisterSlaveMessageSchema, message);
}

/** Uniform in half a range that doubles: attempts of many agents spread. */
function backoffMs(turn: Turn): number {
  const { options, registrationAttempts } = turn.state;
  const range = Math.min(
    options.registrationBackoffMs * 2 ** registrationAttempts,
    coreLimits.registrationBackoffMs,
  );
  return options.random.fraction() * range;
}

export function startRegistration(turn: Turn): void {
  const { state } = turn;
  if (state.phase === 'terminating') return;
  if (state.phase !== 'recovering') state.phase = 'disconnected';
  state.registrationAttempts = 0;
  state.authenticationAttempts = 0;
  for (const key of ['ping', 'register', 'authenticate']) cancelTimer(turn, key);
  if (state.phase === 'recovering' || state.master === undefined) return;
  turn.actions.push({ type: 'link', to: state.master });
  // A master forgets who was authenticated with the connection.
  if (state.options.authenticates) timer(turn, 'authenticate', backoffMs(turn));
  else timer(turn, 'register', backoffMs(turn));
}

export function onAuthenticateTimer(turn: Turn): void {
  const { phase, master } = turn.state;
  if (phase === 'disconnected' && master !== undefined)
    turn.actions.push({ type: 'authenticate', to: master });
}

export function onAuthenticated(
  turn: Turn,
  event: { master: string; outcome: 'accepted' | 'refused' | 'failed'; message: string },
): void {
  const { state } = turn;
  if (event.master !== state.master || state.phase !== 'disconnected') return;
  const { master, message, outcome } = event;
  if (outcome === 'accepted') {
    onRegisterTimer(turn);
  } else if (outcome === 'refused') {
    turn.actions.push({ type: 'exit', message: `${master} refused the agent's credential` });
  } else {
    log(turn, 'authentication failed; trying again', { master, message });
    const { authenticationBackoffMs: firstMs, random } = state.options;
    const range = Math.min(firstMs * 2 ** state.authenticationAttempts, coreLimits.registrationBackoffMs);
    state.authenticationAttempts++;
    timer(turn, 'authenticate', random.fraction() * range);
  }
}

export function onRegisterTimer(turn: Turn): void {
  const { state } = turn;
  if (state.phase !== 'disconnected' || state.master === undefined) return;
  sendRegistration(turn);
  state.registrationAttempts++;
  timer(turn, 'register', backoffMs(turn) + state.options.registrationBackoffMs);
}

function onAdmitted(turn: Turn, connection: internal.MasterSlaveConnectionValid | undefined): void {
  const { state } = turn;
  const seconds = connection?.totalPingTimeoutSeconds ?? 0;
  state.pingTimeoutMs = seconds > 0 ? seconds * 1000 : coreLimits.pingTimeoutMs;
  state.phase = 'running';
  state.registrationAttempts = 0;
  cancelTimer(turn, 'register');
  timer(turn, 'ping', state.pingTimeoutMs);
  sendResourceVersion(turn);
  resendAll(turn);
  resendOperations(turn);
  drainAgain(turn);
}

export function onRegistered(turn: Turn, message: internal.SlaveRegisteredMessageValid): void {
  const { state } = turn;
  const ownId = state.info.id?.value;
  if (ownId !== undefined && ownId !== message.agentId.value) {
    const text = `the master calls this agent ${message.agentId.value}; it is ${ownId}`;
    turn.actions.push({ type: 'exit', message: text });
    return;
  }
  if (isRegistered(state)) return;
  if (ownId === undefined) {
    state.info = withId(state.info, message.agentId.value);
    save(turn, { kind: 'agent', info: state.info });
  }
  onAdmitted(turn, message.connection);
}

const withId = (info: AgentInfoValid, id: string): AgentInfoValid => ({
  ...info,
  id: makeMessage(AgentIDSchema, { value: id }),
});

export function onReregistered(turn: Turn, message: internal.SlaveReregisteredMessageValid): void {
  const { state } = turn;
  if (message.agentId.value !== state.info.id?.value) {
    const text = `the master calls this agent ${message.agentId.value}; it is ${state.info.id?.value}`;
    turn.actions.push({ type: 'exit', message: text });
    return;
  }
  if (!isRegistered(state)) onAdmitted(turn, message.connection);
  for (const reconciliation of message.reconciliations) reconcile(turn, reconciliation);
}

/** Tasks that the master has sent and this agent has never seen; nor has it, maybe, the framework, so the master tells of it. */
function reconcile(turn: Turn, message: internal.ReconcileTasksMessageValid): void {
  const { frameworkId, statuses, framework } = message;
  for (const { taskId } of statuses) {
    if (findTask(turn.state, frameworkId.value, taskId.value) !== undefined) continue;
    reportUnknown(
      turn,
      { frameworkId: frameworkId.value, taskId: taskId.value },
      {
        state: droppedFor(framework),
        reason: TaskStatus_Reason.RECONCILIATION,
        message: 'Reconciliation: task unknown to the agent',
      },
    );
  }
}

export function onPing(
  turn: Turn,
  from: string,
  { connected }: Extract<MasterMessage, { name: 'ping' }>['message'],
): void {
  send(turn, from, internal.PongSlaveMessageSchema, makeMessage(internal.PongSlaveMessageSchema, {}));
  const { state } = turn;
  if (!isRegistered(state)) return;
  timer(turn, 'ping', state.pingTimeoutMs);
  if (connected) return;
  log(turn, 'the master thinks that this agent is disconnected; registering again', { master: state.master });
  startRegistration(turn);
}

export function onPingTimeout(turn: Turn): void {
  log(turn, 'no ping from the master; registering again', { master: turn.state.master });
  startRegistration(turn);
}
