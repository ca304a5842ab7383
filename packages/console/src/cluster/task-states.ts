/** States of tasks and agents in colour. Pure. */
import type { ClusterAgent, TaskStateName } from '@orchestrator/monitor/schema';
import type { Tone } from '../ui/index.ts';

export const taskTones: Readonly<Record<TaskStateName, Tone>> = {
  ...{ staging: 'info', starting: 'info', running: 'ok', killing: 'warn', unreachable: 'warn' },
  ...{ finished: 'idle', killed: 'idle', dropped: 'idle', unknown: 'idle' },
  ...{ failed: 'bad', error: 'bad', lost: 'bad', gone: 'bad', gone_by_operator: 'bad' },
};

export const taskWord = (state: TaskStateName): string => state.replaceAll('_', ' ');

const ended: ReadonlySet<TaskStateName> = new Set([
  ...(['finished', 'killed', 'dropped', 'failed', 'error', 'lost', 'gone', 'gone_by_operator'] as const),
]);

export const hasEnded = (state: TaskStateName): boolean => ended.has(state);

export const agentTones: Readonly<Record<ClusterAgent['state'], Tone>> = {
  ...{ active: 'ok', deactivated: 'idle', draining: 'warn', drained: 'idle', disconnected: 'bad' },
};
