/** From an activity of the machine to the functions behind it. */
import { MigrationError } from '../errors.ts';
import {
  type BaseContext,
  findStep,
  type Gate,
  type PhaseDefinition,
  passGates,
} from '../phases/define-phase.ts';
import type { Activity } from '../phases/machine-types.ts';

/** A kind of migration: its phases, and what has to hold when all of them are undone. */
export interface PhaseSet<C> {
  readonly phases: readonly PhaseDefinition<C>[];
  readonly origin: readonly Gate<C>[];
}

/** @throws whatever the step throws; MigrationError `precondition` when a gate does not hold */
export async function performActivity<C extends BaseContext>(
  set: PhaseSet<C>,
  activity: Activity,
  ctx: C,
): Promise<void> {
  if (activity.mode === 'validate') {
    const reached = set.phases.find((phase) => phase.number === activity.phase);
    await passGates(`after rollback to phase ${activity.phase}`, reached?.success ?? set.origin, ctx);
    return;
  }
  const step = findStep(set.phases, activity);
  if (step === undefined) {
    throw new MigrationError(
      'precondition',
      `this version knows no step ${activity.phase}/${activity.step}`,
      {
        remedy: 'go on with the version that the migration was begun with',
      },
    );
  }
  await (activity.mode === 'run' ? step.run(ctx) : step.undo(ctx));
}
