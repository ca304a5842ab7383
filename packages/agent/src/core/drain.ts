/** Draining: every task is asked to end, and nothing new is taken until the operator has the agent back. */
import {
  type DrainConfigValid,
  type internal,
  KillPolicySchema,
  type KillPolicyValid,
  makeMessage,
  TaskStatus_Reason,
} from '@orchestrator/mesos';
import { killTask } from './kill.ts';
import type { KillRequest, TaskRecord } from './records.ts';
import { save, type Turn } from './turn.ts';

const isIdle = ({ state }: Turn) =>
  state.frameworks.size === 0 && state.operations.size === 0 && state.streams.size === 0;

const request: KillRequest = {
  state: 'killed',
  reason: TaskStatus_Reason.AGENT_DRAINING,
  message: 'The agent is being drained',
};

/**
 * Instead of the task's own: as in Mesos the bound also holds for one that names no grace, which then has all of it.
 */
export function drainPolicy(
  config: DrainConfigValid | undefined,
  { info }: TaskRecord,
): KillPolicyValid | undefined {
  const bound = config?.maxGracePeriod;
  const own = info.killPolicy?.gracePeriod;
  if (bound === undefined || (own !== undefined && own.nanoseconds <= bound.nanoseconds)) return undefined;
  return makeMessage(KillPolicySchema, { gracePeriod: bound });
}

/** A task that came to know of it already only hears of a shorter grace. */
export function drainAgain(turn: Turn): void {
  const { drain, frameworks } = turn.state;
  if (drain === undefined) return;
  for (const framework of frameworks.values()) {
    for (const executor of framework.executors.values()) {
      for (const task of executor.tasks.values()) {
        const killPolicy = drainPolicy(drain.config, task);
        killTask(turn, { framework, executor, task }, { kill: request, killPolicy });
      }
    }
  }
}

export function onDrain(turn: Turn, { config }: internal.DrainSlaveMessageValid): void {
  if (isIdle(turn)) return;
  turn.state.drain = { config, startedAtMs: turn.nowMs };
  save(turn, { kind: 'drain', ...turn.state.drain });
  drainAgain(turn);
}

/** The master knows by itself when all is acknowledged. */
export function finishDrainIfDone(turn: Turn): void {
  if (turn.state.drain === undefined || !isIdle(turn)) return;
  turn.state.drain = undefined;
  turn.actions.push({ type: 'forget', key: 'drain' });
}
