/**
 * The life of one container, as a pure function of state and event.
 *
 * ```
 *   creating ──created──► starting ──started──► running ──exited──► exited ──destroy──► removing ──removed──► removed
 *      │ failed, kill         │ failed                                 ▲
 *      └──────────────────────┴────────────────────────────────────────┘
 * ```
 *
 * `kill` in `creating` aborts; in `starting` it waits for the process to be there; in `running` it sends SIGTERM, and
 * SIGKILL when the grace is over, again and again until the exit is seen, since an engine may be away for a while.
 */
import type { ContainerStatus, Exit } from './runtime.ts';

/** How a container ended, for the task's status. */
export interface Termination {
  /**
   * - `exited`: by itself.
   * - `killed`: after `kill` or `destroy`.
   * - `outOfMemory`: its memory limit was reached (Mesos' REASON_CONTAINER_LIMITATION_MEMORY).
   * - `outOfDisk`: it had more on the disk than it may (REASON_CONTAINER_LIMITATION_DISK).
   * - `launchFailed`: it never ran (REASON_CONTAINER_LAUNCH_FAILED).
   */
  reason: 'exited' | 'killed' | 'outOfMemory' | 'outOfDisk' | 'launchFailed';
  exitCode: number | undefined;
  message: string;
}

interface Kill {
  graceMs: number;
  /** SIGKILL was sent. */
  forced: boolean;
}

interface Shared {
  kill?: Kill;
  /** Remove it as soon as it has ended. */
  destroy?: boolean;
}

export type ContainerState =
  | ({ phase: 'creating' } & Shared)
  /** A short command may have ended before its start is known to have worked. */
  | ({ phase: 'starting'; exit?: Exit } & Shared)
  | ({ phase: 'running'; status: ContainerStatus } & Shared)
  | { phase: 'exited' | 'removing' | 'removed'; termination: Termination };

export type ContainerEvent =
  | { type: 'created' }
  | { type: 'started'; status: ContainerStatus }
  /** Of creating or starting. */
  | { type: 'failed'; message: string }
  | { type: 'kill'; graceMs: number }
  | { type: 'timeout' }
  | { type: 'exited'; exit: Exit }
  | { type: 'destroy' }
  | { type: 'removed' };

export type ContainerAction =
  | { type: 'create' | 'start' | 'abort' | 'remove' }
  | { type: 'signal'; signal: 'SIGTERM' | 'SIGKILL' }
  /** Replaces the one before; `undefined` cancels. */
  | { type: 'timer'; delayMs: number | undefined }
  | { type: 'launched'; status: ContainerStatus }
  | { type: 'terminated'; termination: Termination };

export interface Step {
  state: ContainerState;
  actions: readonly ContainerAction[];
}

/** SIGKILL again when no exit was seen. */
export const killRetryMs = 5_000;

export const initialStep: Step = { state: { phase: 'creating' }, actions: [{ type: 'create' }] };

/** Where a container that was found starts from. */
export function recoveredState(found: { status: ContainerStatus } | { exit: Exit }): ContainerState {
  return 'status' in found
    ? { phase: 'running', status: found.status }
    : { phase: 'exited', termination: terminationOf(found.exit, undefined) };
}

function terminationOf(exit: Exit, kill: Kill | undefined): Termination {
  const { exitCode, outOfMemory } = exit;
  const status = exitCode === undefined ? 'with an unknown status' : `with status ${exitCode}`;
  if (outOfMemory && exitCode !== 0) {
    return {
      reason: 'outOfMemory',
      exitCode,
      message: `Memory limit exceeded: the container exited ${status}`,
    };
  }
  if (kill !== undefined) {
    const how = kill.forced ? 'killed after its grace period' : 'killed';
    return { reason: 'killed', exitCode, message: `Container ${how}, exited ${status}` };
  }
  return { reason: 'exited', exitCode, message: `Command exited ${status}` };
}

const neverRan = (reason: 'killed' | 'launchFailed', message: string): Termination => ({
  reason,
  exitCode: undefined,
  message,
});

type Live = Extract<ContainerState, { phase: 'creating' | 'starting' | 'running' }>;
type Starting = Extract<ContainerState, { phase: 'starting' }>;
type Running = Extract<ContainerState, { phase: 'running' }>;

function end(state: Live, termination: Termination, removeAnyway: boolean): Step {
  const actions: ContainerAction[] = [
    { type: 'timer', delayMs: undefined },
    { type: 'terminated', termination },
  ];
  if (state.destroy !== true && !removeAnyway) return { state: { phase: 'exited', termination }, actions };
  return { state: { phase: 'removing', termination }, actions: [...actions, { type: 'remove' }] };
}

function sendKill(state: Running, graceMs: number): Step {
  const forced = graceMs <= 0;
  return {
    state: { ...state, kill: { graceMs, forced } },
    actions: [
      { type: 'signal', signal: forced ? 'SIGKILL' : 'SIGTERM' },
      { type: 'timer', delayMs: forced ? killRetryMs : graceMs },
    ],
  };
}

function onKill(state: Live, graceMs: number): Step {
  if (state.phase === 'creating') {
    const kill = { graceMs, forced: false };
    return { state: { ...state, kill }, actions: state.kill === undefined ? [{ type: 'abort' }] : [] };
  }
  if (state.phase === 'starting')
    return { state: { ...state, kill: { graceMs, forced: false } }, actions: [] };
  // A second kill may shorten the grace; after SIGKILL there is nothing to add.
  return state.kill?.forced === true ? { state, actions: [] } : sendKill(state, graceMs);
}

function onStarted(state: Starting, status: ContainerStatus): Step {
  const { kill, destroy } = state;
  const running: Running = { phase: 'running', status, ...(destroy && { destroy }) };
  const launched: ContainerAction = { type: 'launched', status };
  if (state.exit !== undefined) {
    const ended = end({ ...running, ...(kill && { kill }) }, terminationOf(state.exit, kill), false);
    return { state: ended.state, actions: [launched, ...ended.actions] };
  }
  if (kill === undefined) return { state: running, actions: [launched] };
  const step = sendKill(running, kill.graceMs);
  return { state: step.state, actions: [launched, ...step.actions] };
}

function onLiveEvent(state: Live, event: ContainerEvent): Step {
  switch (event.type) {
    case 'created':
      if (state.phase !== 'creating') return { state, actions: [] };
      // The abort came too late to be noticed by what creates.
      if (state.kill !== undefined)
        return end(state, neverRan('killed', 'Container killed before its start'), true);
      return { state: { phase: 'starting' }, actions: [{ type: 'start' }] };
    case 'failed': {
      if (state.phase === 'running') return { state, actions: [] };
      const killed = state.kill !== undefined;
      const termination = killed
        ? neverRan('killed', 'Container killed before its start')
        : neverRan('launchFailed', event.message);
      return end(state, termination, true);
    }
    case 'started':
      if (state.phase !== 'starting') return { state, actions: [] };
      return onStarted(state, event.status);
    case 'kill':
      return onKill(state, event.graceMs);
    case 'destroy':
      return onKill({ ...state, destroy: true }, 0);
    case 'timeout':
      return state.phase === 'running' ? sendKill(state, 0) : { state, actions: [] };
    case 'exited':
      if (state.phase === 'creating') return { state, actions: [] };
      if (state.phase === 'starting') return { state: { ...state, exit: event.exit }, actions: [] };
      return end(state, terminationOf(event.exit, state.kill), false);
    case 'removed':
      return { state, actions: [] };
  }
}

/** What an event makes of a container. Events that come too late change nothing. */
export function step(state: ContainerState, event: ContainerEvent): Step {
  switch (state.phase) {
    case 'creating':
    case 'starting':
    case 'running':
      return onLiveEvent(state, event);
    case 'exited':
      return event.type === 'destroy'
        ? { state: { ...state, phase: 'removing' }, actions: [{ type: 'remove' }] }
        : { state, actions: [] };
    case 'removing':
      return event.type === 'removed'
        ? { state: { ...state, phase: 'removed' }, actions: [] }
        : { state, actions: [] };
    case 'removed':
      return { state, actions: [] };
  }
}
