/** What the record asks of synchronisation. Pure. */
import type { MigrationRecord } from '../journal/record.ts';
import { syncWanted } from '../phases/machine.ts';

/** `own`: a step is starting or stopping the engine itself. */
export type SyncWish = 'running' | 'paused' | 'off' | 'own';

/** Between steps the record decides; a step that starts or stops the engine is left alone with it. */
export function wishOf({ state, plan }: MigrationRecord): SyncWish {
  const { current, status } = state;
  const shape = plan.phases
    .find((phase) => phase.number === current?.phase)
    ?.steps.find((step) => step.name === current?.step);
  const active = status === 'running' || status === 'rolling-back';
  if (active && shape?.sync !== undefined) return 'own';
  if (!syncWanted(plan, state)) return 'off';
  return status === 'paused' ? 'paused' : 'running';
}
