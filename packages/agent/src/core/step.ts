/**
 * The agent, as a function of state and event.
 *
 * ```
 *   recovering ──executors are back──► disconnected ──(re)registered──► running ──shutdown──► terminating
 *                                           ▲  other master, no ping, broken connection │           │
 *                                           └───────────────────────────────────────────┘   all is over: exit
 * ```
 *
 * The state is changed in place. No clock, no socket, no file: what is to be done comes back as actions.
 */
import { Resources, TaskStatus_Reason } from '@orchestrator/mesos';
import { onChecked } from './check-status.ts';
import { onHealth, onLaunched, onTerminated } from './containers.ts';
import { finishDrainIfDone, onDrain } from './drain.ts';
import type { AgentEvent, MasterMessage } from './events.ts';
import { onUpdateFramework, tidy } from './frameworks.ts';
import {
  onCompletionTimer,
  onKillTask,
  onShutdownExecutor,
  onShutdownFramework,
  shutdownExecutor,
} from './kill.ts';
import { onRunTask, onRunTaskGroup } from './launch.ts';
import { onReconcileOperations } from './reconcile-operations.ts';
import type { AgentState } from './records.ts';
import { finishRecoveryIfDone, onRecovered } from './recovery.ts';
import {
  onAuthenticated,
  onAuthenticateTimer,
  onPing,
  onPingTimeout,
  onRegistered,
  onRegisterTimer,
  onReregistered,
  startRegistration,
} from './registration.ts';
import { onApplyOperation, onOperationAcknowledged, onVolumesRemoved, setCheckpointed } from './resources.ts';
import {
  onExecutorDisconnected,
  onExecutorMessage,
  onExecutorSubscribed,
  onExecutorUpdate,
  onFrameworkMessage,
} from './sessions.ts';
import { finishShutdownIfDone, onShutdown } from './shutdown.ts';
import { type Action, findContainer, isRegistered, log, type Turn } from './turn.ts';
import { acknowledge, onRetryTimer } from './updates.ts';

export interface Step {
  state: AgentState;
  actions: readonly Action[];
}

/** Taken whether the agent is registered or not. */
function onConnectionMessage(turn: Turn, from: string, event: MasterMessage): boolean {
  switch (event.name) {
    case 'ping':
      onPing(turn, from, event.message);
      return true;
    case 'frameworkMessage':
      onFrameworkMessage(turn, event.message);
      return true;
    default:
      return false;
  }
}

function onMasterMessage(turn: Turn, from: string, event: MasterMessage): void {
  const { state } = turn;
  if (onConnectionMessage(turn, from, event)) return;
  if (from !== state.master)
    log(turn, 'message from a master that does not lead', { from, name: event.name });
  else if (event.name === 'registered') onRegistered(turn, event.message);
  else if (event.name === 'reregistered') onReregistered(turn, event.message);
  else if (event.name === 'acknowledgeUpdate') onAcknowledgement(turn, event.message);
  // Also to one that it does not let in.
  else if (event.name === 'shutdown') onShutdown(turn, event.message);
  // Otherwise it is sent again, or reconciled, once the agent is registered.
  else if (state.phase === 'running') onWork(turn, event);
}

type Acknowledgement = Extract<MasterMessage, { name: 'acknowledgeUpdate' }>['message'];

function onAcknowledgement(turn: Turn, message: Acknowledgement): void {
  if (!acknowledge(turn, message)) return;
  const framework = turn.state.frameworks.get(message.frameworkId.value);
  if (framework !== undefined) tidy(turn, framework);
}

function onWork(turn: Turn, event: MasterMessage): void {
  switch (event.name) {
    case 'runTask':
      onRunTask(turn, event.message);
      break;
    case 'runTaskGroup':
      onRunTaskGroup(turn, event.message);
      break;
    case 'killTask':
      onKillTask(turn, event.message);
      break;
    case 'shutdownExecutor':
      onShutdownExecutor(turn, event.message);
      break;
    case 'shutdownFramework':
      onShutdownFramework(turn, event.message);
      break;
    case 'updateFramework':
      onUpdateFramework(turn, event.message);
      break;
    case 'checkpointResources':
      setCheckpointed(turn, Resources.from(event.message.resources));
      break;
    case 'applyOperation':
      onApplyOperation(turn, event.message);
      break;
    case 'reconcileOperations':
      onReconcileOperations(turn, event.message);
      break;
    case 'acknowledgeOperation':
      onOperationAcknowledged(turn, event.message);
      break;
    case 'drain':
      onDrain(turn, event.message);
      break;
    default:
      break;
  }
}

function onExecutorTimer(turn: Turn, containerId: string): void {
  const place = findContainer(turn.state, containerId);
  if (place === undefined || place.executor.isSubscribed) return;
  const { framework, executor } = place;
  const isRecovering = turn.state.phase === 'recovering';
  const { EXECUTOR_REGISTRATION_TIMEOUT, EXECUTOR_REREGISTRATION_TIMEOUT } = TaskStatus_Reason;
  shutdownExecutor(turn, framework, executor, {
    state: 'failed',
    reason: isRecovering ? EXECUTOR_REREGISTRATION_TIMEOUT : EXECUTOR_REGISTRATION_TIMEOUT,
    message: 'The executor did not subscribe in time',
  });
}

function onTimer(turn: Turn, key: string): void {
  const [what = '', first = '', ...rest] = key.split(' ');
  switch (what) {
    case 'register':
      onRegisterTimer(turn);
      break;
    case 'authenticate':
      onAuthenticateTimer(turn);
      break;
    case 'ping':
      onPingTimeout(turn);
      break;
    case 'update':
      onRetryTimer(turn, [first, ...rest].join(' '));
      break;
    case 'executor':
      onExecutorTimer(turn, first);
      break;
    case 'grace':
      turn.actions.push({ type: 'kill', containerId: first, graceMs: 0 });
      break;
    case 'completion':
      onCompletionTimer(turn, first, rest.join(' '));
      break;
    default:
      break;
  }
}

function onDetected(turn: Turn, master: string | undefined): void {
  if (turn.state.master === master && isRegistered(turn.state)) return;
  turn.state.master = master;
  startRegistration(turn);
}

function apply(turn: Turn, event: AgentEvent): void {
  switch (event.type) {
    case 'recovered':
      onRecovered(turn, event.containers, event.isRebooted);
      break;
    case 'detected':
      onDetected(turn, event.master);
      break;
    case 'authenticated':
      onAuthenticated(turn, event);
      break;
    case 'masterExited':
      if (event.master === turn.state.master) startRegistration(turn);
      break;
    case 'message':
      onMasterMessage(turn, event.from, event);
      break;
    case 'timer':
      onTimer(turn, event.key);
      break;
    case 'launched':
      onLaunched(turn, event.containerId, event.status);
      break;
    case 'terminated':
      onTerminated(turn, event.containerId, event.termination);
      break;
    case 'volumesRemoved':
      onVolumesRemoved(turn, event.volumes);
      break;
    case 'health':
      onHealth(turn, event);
      break;
    case 'checked':
      onChecked(turn, event);
      break;
    case 'executorSubscribed':
      onExecutorSubscribed(turn, event);
      break;
    case 'executorUpdate':
      onExecutorUpdate(turn, event);
      break;
    case 'executorMessage':
      onExecutorMessage(turn, event);
      break;
    case 'executorDisconnected':
      onExecutorDisconnected(turn, event);
      break;
  }
}

/** `nowMs`: wall clock, for the timestamps of updates. Events that come too late change nothing. */
export function step(state: AgentState, event: AgentEvent, nowMs: number): Step {
  const turn: Turn = { state, nowMs, actions: [] };
  apply(turn, event);
  finishDrainIfDone(turn);
  finishRecoveryIfDone(turn);
  finishShutdownIfDone(turn);
  return { state, actions: turn.actions };
}
