/** How far, how fast, how long still: pure, so that the same figures go to a bar, to a plain line and to JSON. */
import { formatDuration, formatQuantity } from './format.ts';
import { padEnd, type Style } from './style.ts';

export interface Advance {
  readonly stage: string;
  readonly done: number;
  /** `null` while unknown. */
  readonly total: number | null;
  readonly unit: string;
}

export interface Pace {
  readonly perS: number | null;
  readonly remainingMs: number | null;
}

interface Sample {
  readonly atMs: number;
  readonly done: number;
}

/** The rate is that of the last ten seconds: recent enough to follow a change, long enough to be read. */
const windowMs = 10_000;
const maxSamples = 200;

/** Follows one stage; a new stage or a smaller count begins again. */
export function createPaceMeter(): { observe(advance: Advance, nowMs: number): Pace } {
  let stage: string | null = null;
  let samples: Sample[] = [];
  return {
    observe(advance, nowMs) {
      const last = samples.at(-1);
      if (advance.stage !== stage || (last !== undefined && advance.done < last.done)) samples = [];
      stage = advance.stage;
      samples.push({ atMs: nowMs, done: advance.done });
      samples = samples.filter((sample) => nowMs - sample.atMs <= windowMs).slice(-maxSamples);
      return paceOf(samples, advance);
    },
  };
}

function paceOf(samples: readonly Sample[], advance: Advance): Pace {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.atMs === first.atMs)
    return { perS: null, remainingMs: null };
  const perS = ((last.done - first.done) * 1_000) / (last.atMs - first.atMs);
  const remaining = advance.total === null ? null : advance.total - advance.done;
  return { perS, remainingMs: remaining === null || perS <= 0 ? null : (remaining / perS) * 1_000 };
}

const blocks = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** `width` columns, in eighths of a column. */
export function renderBar(fraction: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, fraction)) * width * 8);
  const full = Math.floor(eighths / 8);
  return padEnd(`${'█'.repeat(full)}${blocks[eighths % 8] ?? ''}`, width);
}

function figures(advance: Advance, pace: Pace): string[] {
  const { done, total, unit } = advance;
  const amount =
    total === null
      ? `${formatQuantity(done, unit)}${unit === 'bytes' ? '' : ` ${unit}`}`
      : `${formatQuantity(done, unit)} of ${formatQuantity(total, unit)}${unit === 'bytes' ? '' : ` ${unit}`}`;
  const finished = total !== null && done >= total;
  return [
    amount,
    ...(pace.perS === null || pace.perS <= 0 || finished ? [] : [`${formatQuantity(pace.perS, unit)}/s`]),
    ...(pace.remainingMs === null || finished ? [] : [`${formatDuration(pace.remainingMs)} left`]),
  ];
}

export interface ProgressLineOptions {
  readonly advance: Advance;
  readonly pace: Pace;
  readonly style: Style;
  /** 0: no bar, as away from a terminal. */
  readonly barWidth: number;
}

/** `copying  ██████▌     65 %  13,000 of 20,000 znodes · 4,200/s · 1.7 s left` */
export function renderProgress(options: ProgressLineOptions): string {
  const { advance, pace, style, barWidth } = options;
  const { stage, done, total } = advance;
  const fraction = total === null ? null : total === 0 ? 1 : done / total;
  const percent = fraction === null ? [] : [`${Math.floor(Math.min(1, fraction) * 100)} %`.padStart(5)];
  const bar = fraction === null || barWidth === 0 ? [] : [style.accent(renderBar(fraction, barWidth))];
  return [stage, ...bar, ...percent, figures(advance, pace).join(' · ')].join('  ');
}
