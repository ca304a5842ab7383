/** What the master answers to "why", as `explain --json` passes it on. */
import type { FrameworkExplanation, ObstacleCount, TaskExplanation } from '@orchestrator/master';
import type { TaskView } from './tasks.ts';

export type { FrameworkExplanation, ObstacleCount, TaskExplanation };

/** What is known of a task, and where its like would fit. */
export interface TaskReport {
  readonly task: TaskView | null;
  readonly wanted: string;
  readonly role: string;
  readonly placement: TaskExplanation;
}
