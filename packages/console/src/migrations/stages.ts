/** Where a migration stands, in the words and colours that are shown; and what may be done with it now. Pure. */
import type { Migration, MigrationStatus } from '@orchestrator/monitor/schema';
import { z } from 'zod';
import type { Tone } from '../ui/index.ts';

export const statusTones: Readonly<Record<MigrationStatus, Tone>> = {
  planned: 'idle',
  running: 'info',
  'awaiting-approval': 'warn',
  paused: 'warn',
  'rolling-back': 'warn',
  'rolled-back': 'idle',
  completed: 'ok',
  failed: 'bad',
};

export const statusWord = (status: MigrationStatus): string => status.replaceAll('-', ' ');

/** The six phases; a plan has those that its clusters need. */
const purposes: Readonly<Record<number, string>> = {
  1: 'The new ensemble starts from a snapshot, and both are kept equal from then on',
  2: 'Masters on the new machines join the election',
  3: 'The old masters leave; one of the new ones leads',
  4: 'Agents on the new machines register and take work',
  5: 'Tasks leave the old agents',
  6: 'The old ensemble is stopped and archived',
};

export const purposeOf = (phase: number): string => purposes[phase] ?? '';

export type Phase = Migration['phases'][number];
export type PhaseWord =
  | 'done'
  | 'running'
  | 'undoing'
  | 'failed'
  | 'paused'
  | 'waits for approval'
  | 'begun'
  | 'to do';

export const phaseTones: Readonly<Record<PhaseWord, Tone>> = {
  done: 'ok',
  running: 'info',
  undoing: 'warn',
  failed: 'bad',
  paused: 'warn',
  'waits for approval': 'warn',
  begun: 'warn',
  'to do': 'idle',
};

export function phaseWord(migration: Migration, phase: Phase): PhaseWord {
  const done = phase.steps.filter((step) => step.done).length;
  if (migration.step !== null && migration.phase === phase.number) {
    if (migration.status === 'failed' || migration.status === 'paused') return migration.status;
    if (done < phase.steps.length || migration.step_mode !== 'run')
      return migration.step_mode === 'run' ? 'running' : 'undoing';
  }
  if (done === phase.steps.length) return 'done';
  if (migration.status === 'awaiting-approval' && migration.next_phase === phase.number)
    return 'waits for approval';
  return done > 0 ? 'begun' : 'to do';
}

/** From the first begin to the last end of its steps; undefined before it has begun. */
export function phaseDurationMs({ timings }: Migration, phase: number, nowMs: number): number | undefined {
  const own = timings.filter((timing) => timing.phase === phase && timing.mode === 'run');
  const first = own[0];
  if (first === undefined) return undefined;
  const endMs = own.reduce((latest, timing) => Math.max(latest, timing.ended_ms ?? nowMs), first.started_ms);
  return endMs - first.started_ms;
}

export function stepDurationMs(
  { timings }: Migration,
  phase: number,
  step: string,
  nowMs: number,
): number | undefined {
  const last = timings.findLast((timing) => timing.phase === phase && timing.step === step);
  return last === undefined ? undefined : (last.ended_ms ?? nowMs) - last.started_ms;
}

/** How often the present step has been begun. */
export const attemptsOf = ({ timings, phase, step, step_mode }: Migration): number =>
  timings.filter((timing) => timing.phase === phase && timing.step === step && timing.mode === step_mode)
    .length;

/** Of all steps, how many are done: 0 to 1. */
export function shareDone({ phases }: Migration): number {
  const steps = phases.flatMap((phase) => phase.steps);
  return steps.length === 0 ? 0 : steps.filter((step) => step.done).length / steps.length;
}

export interface Offered {
  readonly start: boolean;
  /** The phase that can be approved. */
  readonly approve: number | undefined;
  readonly pause: boolean;
  /** Goes on after a pause, or tries again what failed. */
  readonly resume: 'resume' | 'try again' | undefined;
  /** Phases that it can go back to, the nearest first. */
  readonly rollbackTo: readonly number[];
}

const canRollBack: ReadonlySet<MigrationStatus> = new Set([
  ...(['awaiting-approval', 'paused', 'failed', 'completed', 'running'] as const),
]);

export function offeredOf(migration: Migration): Offered {
  const { status, phase, phases, next_phase: next } = migration;
  const earlier = [0, ...phases.map(({ number }) => number)].filter((number) => number < phase);
  return {
    start: status === 'planned',
    approve: status === 'awaiting-approval' || status === 'rolled-back' ? (next ?? undefined) : undefined,
    pause: status === 'running' || status === 'rolling-back',
    resume: status === 'paused' ? 'resume' : status === 'failed' ? 'try again' : undefined,
    rollbackTo: canRollBack.has(status) ? earlier.reverse() : [],
  };
}

/** What it means to go back to `phase`. */
export function describeRollback(phase: number, phases: readonly Phase[]): string {
  if (phase === 0)
    return 'Everything is undone: synchronisation ends, what was deployed is removed, and the old ensemble is as it was before.';
  const name = phases.find(({ number }) => number === phase)?.name ?? `phase ${phase}`;
  return `What came after “${name}” is undone in reverse order, and its success criteria are checked again.`;
}

const ensemble = z.object({
  zookeeper: z.string().optional(),
  deploy: z
    .object({ servers: z.array(z.object({ host: z.string(), client_port: z.number() })).default([]) })
    .default({ servers: [] }),
});

/** An ensemble's client ports: as configured, or those of the servers that are deployed. */
export function addressOf({ config }: Migration, side: 'source' | 'target'): string {
  const { zookeeper, deploy } = ensemble.safeParse(config[side]).data ?? {};
  const deployed = deploy?.servers.map(({ host, client_port }) => `${host}:${client_port}`).join(',');
  return zookeeper ?? (deployed || 'unknown');
}

/** Of its page. */
export const pathOf = ({ coordinator, id }: Pick<Migration, 'coordinator' | 'id'>): string =>
  `/migrations/${encodeURIComponent(coordinator)}/${encodeURIComponent(id)}`;

export const sideNames = { source: 'Cluster A, the old one', target: 'Cluster B, the new one' } as const;
