/**
 * A phase is data: ordered steps, each safe to run again, and gates before and after them. The machine sees the names,
 * the coordinator performs the functions. Another kind of migration is another list of phases.
 */
import type { Clock } from '@orchestrator/runtime';
import { sleep } from '@orchestrator/runtime';
import { MigrationError } from '../errors.ts';
import { type CheckResult, describeFailures, failures } from './check.ts';
import type { Activity, PhaseShape, Plan, StepShape } from './machine-types.ts';

/** What every step is given besides what its phases need. */
export interface BaseContext {
  readonly clock: Clock;
  /** Aborts when the step has to stop: paused, rolled back, or this coordinator no longer leads. */
  readonly signal: AbortSignal;
  /** How often a gate that does not hold yet is looked at again. */
  readonly checkIntervalMs: number;
  /** What gates found, kept for status and report. */
  recordChecks(title: string, results: readonly CheckResult[]): Promise<void>;
}

export interface StepDefinition<C> extends StepShape {
  /** May be performed again after a crash at any instruction, and must then end as if it had been performed once. */
  run(ctx: C): Promise<void>;
  /** Takes back whatever `run` did, all or part of it; nothing to take back is fine. */
  undo(ctx: C): Promise<void>;
}

export interface Gate<C> {
  readonly name: string;
  /** How long the gate may take to hold; 0: at once or not at all. */
  readonly withinMs: number;
  check(ctx: C): Promise<readonly CheckResult[]>;
}

export interface PhaseDefinition<C> {
  readonly number: number;
  readonly name: string;
  readonly steps: readonly StepDefinition<C>[];
  readonly success: readonly Gate<C>[];
}

export interface PhaseOptions<C> {
  readonly number: number;
  readonly name: string;
  readonly steps: readonly StepDefinition<C>[];
  readonly gates?: { readonly entry?: readonly Gate<C>[]; readonly success?: readonly Gate<C>[] };
}

/** Evaluates the gates in order until each holds. @throws MigrationError `precondition` once one's time is up. */
export async function passGates<C extends BaseContext>(
  title: string,
  gates: readonly Gate<C>[],
  ctx: C,
): Promise<void> {
  for (const gate of gates) {
    const deadline = ctx.clock.monotonicMs() + gate.withinMs;
    for (;;) {
      ctx.signal.throwIfAborted();
      const results = await gate.check(ctx);
      await ctx.recordChecks(`${title}: ${gate.name}`, results);
      if (failures(results).length === 0) break;
      if (ctx.clock.monotonicMs() >= deadline) {
        const { message, remedy } = describeFailures(results);
        throw new MigrationError('precondition', `${title}: ${message}`, { remedy });
      }
      await sleep(ctx.clock, ctx.checkIntervalMs, ctx.signal);
    }
  }
}

function gateStep<C extends BaseContext>(
  name: string,
  title: string,
  gates: readonly Gate<C>[],
): StepDefinition<C>[] {
  if (gates.length === 0) return [];
  return [{ name, run: (ctx) => passGates(title, gates, ctx), undo: async () => undefined }];
}

/** Gates become the first and the last step, so that a crash among them continues there like anywhere else. */
export function definePhase<C extends BaseContext>(options: PhaseOptions<C>): PhaseDefinition<C> {
  const { number, name, gates = {} } = options;
  const success = gates.success ?? [];
  return {
    number,
    name,
    success,
    steps: [
      ...gateStep('entry checks', `entry of phase ${number}`, gates.entry ?? []),
      ...options.steps,
      ...gateStep('success criteria', `success of phase ${number}`, success),
    ],
  };
}

/** The shape of the phases for the machine. @throws RangeError when two phases or two steps share a name. */
export function planOf<C>(
  phases: readonly PhaseDefinition<C>[],
  policy: Pick<Plan, 'manualApproval' | 'rollbackRetentionMs'>,
): Plan {
  const shapes: PhaseShape[] = phases.map((phase) => ({
    number: phase.number,
    name: phase.name,
    steps: phase.steps.map(({ name, sync }) => (sync === undefined ? { name } : { name, sync })),
  }));
  shapes.forEach((phase, index) => {
    const names = new Set(phase.steps.map((step) => step.name));
    const ascending = phase.number > (shapes[index - 1]?.number ?? 0);
    if (names.size !== phase.steps.length || names.size === 0 || !ascending)
      throw new RangeError(
        `phase ${phase.number} (${phase.name}): numbers must ascend and step names differ`,
      );
  });
  return { phases: shapes, ...policy };
}

/** The function behind an activity. `undefined` when the phases have no such step. */
export function findStep<C>(
  phases: readonly PhaseDefinition<C>[],
  activity: Activity,
): StepDefinition<C> | undefined {
  return phases
    .find((phase) => phase.number === activity.phase)
    ?.steps.find((step) => step.name === activity.step);
}
