/** Draining: every task is asked to end, and nothing new is taken until the operator has the agent back. */
import { type internal, TaskStatus_Reason } from '@orchestrator/mesos';
import { killTask } from './kill.ts';
import type { KillRequest } from './records.ts';
import { save, type Turn } from './turn.ts';

const isIdle = ({ state }: Turn) =>
  state.frameworks.size === 0 && state.operations.size === 0 && state.streams.size === 0;

const request: KillRequest = {
  state: 'killed',
  reason: TaskStatus_Reason.AGENT_DRAINING,
  message: 'The agent is being drained',
};

/** A task that came to know of it already only hears of a shorter grace. */
export function drainAgain(turn: Turn): void {
  const { drain, frameworks } = turn.state;
  if (drain === undefined) return;
  const { maxGracePeriod } = drain.config;
  const mostGraceMs = maxGracePeriod === undefined ? undefined : Number(maxGracePeriod.nanoseconds) / 1e6;
  for (const framework of frameworks.values()) {
    for (const executor of framework.executors.values()) {
      for (const task of executor.tasks.values()) {
        killTask(turn, { framework, executor, task }, { kill: request, mostGraceMs });
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
