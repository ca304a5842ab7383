/** The end of a task that another process looks after: `kill` takes its framework over for the time that it takes. */
import { TaskState } from '@orchestrator/mesos';
import { type Clock, sleep } from '@orchestrator/runtime/clock';
import { CliError } from '../../program/errors.ts';
import type { Cluster } from '../connection/cluster.ts';
import { readTasks } from '../connection/reads.ts';
import { isOver } from '../views/tasks.ts';

export interface End {
  readonly state: TaskState;
  readonly message: string;
}

export interface EndElsewhereOptions {
  readonly cluster: Cluster;
  readonly frameworkId: string;
  readonly taskId: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const lookEveryMs = 500;

/** Resolves when the master has it among those that have ended. @throws CliError `not-found` when it knows the task no more */
export async function endElsewhere(options: EndElsewhereOptions): Promise<End> {
  const { cluster, frameworkId, taskId, clock, signal } = options;
  for (;;) {
    const tasks = await readTasks(cluster, 'all');
    const task = tasks.find(({ id, framework_id }) => id === taskId && framework_id === frameworkId);
    if (task === undefined)
      throw new CliError('not-found', `the master knows task ${taskId} no more`, {
        remedy: 'another process has taken its framework over; orchestrator tasks lists what runs',
      });
    if (isOver(task))
      return { state: Reflect.get(TaskState, task.state) as TaskState, message: task.message ?? '' };
    await sleep(clock, lookEveryMs, signal);
  }
}
