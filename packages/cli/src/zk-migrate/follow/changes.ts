/** What is told when a migration has moved on: lines that stay, derived from two views of it. Pure. */

import { formatDuration } from '../../terminal/format.ts';
import type { Style } from '../../terminal/style.ts';
import type { MigrationView, Timing } from '../api.ts';

const keyOf = (timing: Timing) => `${timing.attempt}/${timing.mode}/${timing.phase}/${timing.step}`;

const verbs = { run: '', undo: 'undo ', validate: 'check ' } as const;

function endedTimings(before: MigrationView, after: MigrationView): Timing[] {
  const known = new Set(before.timings.filter((timing) => timing.ended_ms !== null).map(keyOf));
  return after.timings.filter((timing) => timing.ended_ms !== null && !known.has(keyOf(timing)));
}

function describeTiming(timing: Timing, style: Style): string {
  const { phase, step, mode, started_ms: startedMs, ended_ms: endedMs, outcome } = timing;
  const mark = { done: style.good('✔'), failed: style.bad('✘'), interrupted: style.warn('–') }[
    outcome ?? 'done'
  ];
  const took = formatDuration((endedMs ?? startedMs) - startedMs);
  return `${mark} phase ${phase}  ${verbs[mode]}${step}  ${style.dim(took)}`;
}

function describeStatus(view: MigrationView, style: Style): string[] {
  const { id, status, phase, next_phase: next, phases } = view;
  switch (status) {
    case 'awaiting-approval': {
      const name = phases.find((candidate) => candidate.number === next)?.name;
      return [
        style.warn(`phase ${phase} is done; phase ${next} (${name}) waits for your approval:`),
        `  zk-migrate advance --migration-id=${id} --phase=${next} --confirm`,
      ];
    }
    case 'completed':
      return [style.good('the migration is complete')];
    case 'rolled-back':
      return [style.warn(`rolled back to phase ${phase}`)];
    case 'paused':
      return [style.warn(`paused; zk-migrate resume --migration-id=${id} goes on`)];
    case 'rolling-back':
      return [style.warn(`rolling back to phase ${view.goal_phase ?? 0}`)];
    case 'failed':
      return describeFailure(view, style);
    default:
      return [];
  }
}

export function describeFailure(view: MigrationView, style: Style): string[] {
  const { failure, step, step_mode: mode } = view;
  if (failure === null) return [];
  const where = step === null ? '' : `phase ${view.phase}, ${verbs[mode ?? 'run']}${step}: `;
  return [
    style.bad(`${where}${failure.message}`),
    ...(failure.remedy === null ? [] : [`  ${style.dim('→')} ${failure.remedy}`]),
  ];
}

function describeAlerts(before: MigrationView | undefined, after: MigrationView, style: Style): string[] {
  const known = new Set(before?.live?.alerts.map((alert) => alert.kind));
  const raised = after.live?.alerts.filter((alert) => !known.has(alert.kind)) ?? [];
  return raised.map((alert) =>
    style[alert.severity === 'critical' ? 'bad' : 'warn'](`alert: ${alert.message}`),
  );
}

/** Instructions are added to those that are not followed yet; the ones that were told are not told again. */
function describeInstruction(
  before: MigrationView | undefined,
  after: MigrationView,
  style: Style,
): string[] {
  const told = before?.live?.instruction ?? '';
  const all = after.live?.instruction ?? '';
  if (all === told || all === '') return [];
  const added = told !== '' && all.startsWith(`${told}\n`) ? all.slice(told.length + 1) : all;
  return [style.bold('to be done by you:'), ...added.split('\n').map((line) => `  ${line}`)];
}

/** @param before `undefined` for the first view: then only what matters now is told, not the whole past */
export function describeChange(
  before: MigrationView | undefined,
  after: MigrationView,
  style: Style,
): readonly string[] {
  const ended = before === undefined ? [] : endedTimings(before, after);
  return [
    ...ended.map((timing) => describeTiming(timing, style)),
    ...(before?.status === after.status ? [] : describeStatus(after, style)),
    ...describeInstruction(before, after, style),
    ...describeAlerts(before, after, style),
  ];
}
