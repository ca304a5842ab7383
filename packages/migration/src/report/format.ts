/** Figures as people read them; the same in Markdown and HTML. */
import type { MachineState } from '../phases/machine-types.ts';
import type { Report, StepRow } from './model.ts';

export const formatTime = (timeMs: number): string =>
  `${new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

export function formatDuration(ms: number | null): string {
  if (ms === null) return '–';
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  return minutes < 60
    ? `${minutes} min ${Math.round((ms % 60_000) / 1_000)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const formatMs = (ms: number): string => `${ms > 0 && ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;

export const formatCount = (count: number): string => Math.round(count).toLocaleString('en-US');

const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

export function describeState(state: MachineState): string {
  switch (state.status) {
    case 'planned':
      return 'Planned, not begun';
    case 'completed':
      return 'Completed: the target stands alone';
    case 'rolled-back':
      return state.phase === 0
        ? 'Rolled back: everything is as before'
        : `Rolled back to phase ${state.phase}`;
    case 'awaiting-approval':
      return `Phase ${state.phase} is done; the next one waits for approval`;
    case 'failed':
      return `Failed in phase ${state.phase}, step ${state.current?.step ?? '?'}: ${state.failure?.message ?? ''}`;
    case 'paused':
      return `Paused in phase ${state.phase}`;
    case 'rolling-back':
      return `Rolling back to phase ${state.goalPhase ?? 0}`;
    case 'running':
      return `Running: phase ${state.phase}, step ${state.current?.step ?? '?'}`;
  }
}

const modeNames = { run: '', undo: 'undone: ', validate: 'checked: ' } as const;

export const stepName = (row: StepRow): string => `${modeNames[row.mode]}${row.step}`;

export const outcomeName = (row: StepRow): string => {
  const again = row.attempts === 1 ? '' : ` (attempt ${row.attempts})`;
  return `${row.outcome ?? 'under way'}${again}`;
};

/** The figures at the top: what one looks for first. */
export function keyFigures(
  report: Report,
): readonly { readonly name: string; readonly value: string; readonly note: string }[] {
  const { facts, lag } = report;
  const { verify } = facts;
  return [
    {
      name: 'Nodes',
      value: verify === null ? '–' : formatCount(verify.nodes.target),
      note: verify === null ? 'not verified yet' : `${formatCount(verify.nodes.source)} on the source`,
    },
    {
      name: 'Differences',
      value: verify === null ? '–' : formatCount(verify.differenceCount),
      note: verify === null ? 'not verified yet' : `verified ${formatTime(verify.startedMs)}`,
    },
    {
      name: 'Lag p99',
      value: lag === null ? '–' : formatMs(lag.p99Ms),
      note:
        lag === null ? 'nothing measured' : `p50 ${formatMs(lag.p50Ms)}, worst minute ${formatMs(lag.maxMs)}`,
    },
    {
      name: 'Conflicts',
      value: formatCount(facts.conflictCount),
      note: facts.conflictCount === 0 ? 'no node was changed on both sides at once' : 'listed below',
    },
    {
      name: 'Duration',
      value: formatDuration(report.durationMs),
      note: report.state.startedMs === null ? 'not begun' : `from ${formatTime(report.state.startedMs)}`,
    },
  ];
}

/** What did not arrive as it was, and why: the ledger of the engine and the settings that stay behind. */
export function notPreserved(
  report: Report,
): readonly { readonly what: string; readonly where: string; readonly why: string }[] {
  const { ledger, notCarried, leftBehind } = report.facts;
  return [
    ...ledger.map(({ path, what, why }) => ({ what, where: path, why })),
    ...notCarried.map(({ setting, why }) => ({ what: 'setting of the servers', where: setting, why })),
    ...(leftBehind === null ? [] : [{ what: leftBehind.what, where: 'source', why: leftBehind.why }]),
  ];
}

/** Tables in a report end here; the API has all of it. */
export const maxRows = 200;
