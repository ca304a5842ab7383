import { formatDuration } from '../../terminal/format.ts';
import type { Style } from '../../terminal/style.ts';
import { renderTable } from '../../terminal/table.ts';
import type { Migration, MigrationStatus, Phase } from '../api.ts';

const tones: Readonly<Record<MigrationStatus, keyof Style>> = {
  planned: 'dim',
  running: 'accent',
  'awaiting-approval': 'warn',
  paused: 'warn',
  'rolling-back': 'warn',
  'rolled-back': 'warn',
  completed: 'good',
  failed: 'bad',
};

export const renderStatusWord = (status: MigrationStatus, style: Style): string =>
  style[tones[status]](status.replace('-', ' '));

const stepsDone = (phase: Phase) => phase.steps.filter((step) => step.done).length;

function wordOf(migration: Migration, phase: Phase): readonly [string, keyof Style] {
  const done = stepsDone(phase);
  if (done === phase.steps.length) return ['done', 'good'];
  if (migration.step !== null && migration.phase === phase.number) {
    if (migration.status === 'failed') return ['failed', 'bad'];
    if (migration.status === 'paused') return ['paused', 'warn'];
    return migration.step_mode === 'run' ? ['running', 'accent'] : ['undoing', 'warn'];
  }
  return done > 0 ? ['begun', 'warn'] : ['to do', 'dim'];
}

/** From the first begin to the last end of its steps; `-` before it has begun. */
function durationOf({ timings }: Migration, phase: Phase, nowMs: number): string {
  const own = timings.filter((timing) => timing.phase === phase.number && timing.mode === 'run');
  const first = own[0];
  if (first === undefined) return '-';
  const endMs = own.reduce((latest, timing) => Math.max(latest, timing.ended_ms ?? nowMs), first.started_ms);
  return formatDuration(endMs - first.started_ms);
}

export function renderPhases(migration: Migration, style: Style, nowMs: number): string {
  return renderTable({
    style,
    columns: [
      { title: 'PHASE', align: 'right' },
      { title: 'NAME' },
      { title: 'STATE' },
      { title: 'STEPS', align: 'right' },
      { title: 'TOOK', align: 'right' },
      { title: 'NOW' },
    ],
    rows: migration.phases.map((phase) => {
      const [word, tone] = wordOf(migration, phase);
      const { step, step_mode: mode } = migration;
      const isCurrent = step !== null && migration.phase === phase.number;
      return [
        String(phase.number),
        phase.name,
        style[tone](word),
        `${stepsDone(phase)} of ${phase.steps.length}`,
        durationOf(migration, phase, nowMs),
        isCurrent ? `${mode === 'run' ? '' : `${mode} `}${step}` : '',
      ];
    }),
  });
}

/** What the operator can do now, as commands that can be copied. */
export function nextCommands(migration: Migration): string[] {
  const { id, status, phase, phases, next_phase: next } = migration;
  const call = (verb: string, rest = '') => `zk-migrate ${verb} --migration-id=${id}${rest}`;
  const advance = (number: number | null) =>
    number === null ? [] : [call('advance', ` --phase=${number} --confirm`)];
  const earlier = phases.findLast((candidate) => candidate.number < phase)?.number ?? 0;
  const rollback = call('rollback', ` --to-phase=${earlier} --confirm`);
  switch (status) {
    case 'awaiting-approval':
      return [...advance(next), call('validate', ' --phase=current'), rollback];
    case 'rolled-back':
      return advance(next);
    case 'paused':
      return [call('resume'), rollback];
    case 'failed':
      return [call('resume'), rollback];
    case 'completed':
      return [call('report'), rollback];
    default:
      return [];
  }
}
