/** Line plots over time as inline SVG: no script, no asset, colours by CSS. Pure. */
import { formatCount, formatMs } from './format.ts';

export interface Series {
  readonly title: string;
  readonly unit: 'ms' | 'perS';
  readonly points: readonly { readonly timeMs: number; readonly value: number }[];
  /** Drawn across as a dashed line. */
  readonly threshold?: { readonly value: number; readonly label: string };
}

const width = 860;
const height = 210;
const margin = { top: 14, right: 14, bottom: 26, left: 62 };
const inner = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
const gridLines = 4;
const timeMarks = 6;

const formatValue = (value: number, unit: Series['unit']): string =>
  unit === 'ms' ? formatMs(value) : `${formatCount(value)}/s`;

/** 1, 2 or 5 times a power of ten, at least as large as `value`. */
export function niceCeiling(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= value) ?? 10;
  return factor * power;
}

const round = (value: number) => Number(value.toFixed(1));

/** Since the begin of the plot: what matters is how long something took, not at which hour. */
function elapsed(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}

/** A plot of at least two points; a sentence in its place when there are fewer. */
export function linePlot(series: Series): string {
  const { points, unit, threshold, title } = series;
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || last.timeMs <= first.timeMs)
    return `<p class="empty">${title}: nothing was measured yet.</p>`;
  const most = Math.max(...points.map((point) => point.value));
  const shown =
    threshold !== undefined && threshold.value <= most * 3 ? Math.max(most, threshold.value) : most;
  const top = niceCeiling(shown * 1.05);
  const x = (timeMs: number) =>
    round(margin.left + ((timeMs - first.timeMs) / (last.timeMs - first.timeMs)) * inner.width);
  const y = (value: number) => round(margin.top + inner.height - (value / top) * inner.height);
  const line = points.map((point) => `${x(point.timeMs)},${y(point.value)}`).join(' ');
  const base = y(0);
  const grid = Array.from({ length: gridLines + 1 }, (_, index) => (top / gridLines) * index).map(
    (value) =>
      `<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${y(value)}" y2="${y(value)}"/>` +
      `<text class="tick" x="${margin.left - 8}" y="${y(value) + 4}" text-anchor="end">${formatValue(value, unit)}</text>`,
  );
  const span = last.timeMs - first.timeMs;
  const times = Array.from({ length: timeMarks + 1 }, (_, index) => (span / timeMarks) * index).map(
    (ms, index) => {
      const anchor = index === 0 ? 'start' : index === timeMarks ? 'end' : 'middle';
      return `<text class="tick" x="${x(first.timeMs + ms)}" y="${height - 8}" text-anchor="${anchor}">${elapsed(ms)}</text>`;
    },
  );
  const limit =
    threshold === undefined || threshold.value > top
      ? ''
      : `<line class="limit" x1="${margin.left}" x2="${width - margin.right}" y1="${y(threshold.value)}" y2="${y(threshold.value)}"/>` +
        `<text class="limit-label" x="${width - margin.right}" y="${y(threshold.value) - 5}" text-anchor="end">${threshold.label}</text>`;
  return [
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}, most ${formatValue(most, unit)}">`,
    ...grid,
    ...times,
    `<polygon class="area" points="${margin.left},${base} ${line} ${width - margin.right},${base}"/>`,
    `<polyline class="line" points="${line}"/>`,
    limit,
    '</svg>',
  ].join('');
}
