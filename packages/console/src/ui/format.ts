/** Numbers and times as people read them. Pure; `now` comes in as an argument. */
const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

function digits(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 0.01) return '<0.01';
  return value
    .toFixed(size < 10 ? 2 : size < 100 ? 1 : 0)
    .replace(/\.(\d*?)0+$/, (_all, kept) => (kept === '' ? '' : `.${kept}`));
}

/** `1.5 GiB` */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : digits(value)} ${units[unit]}`;
}

export const formatRate = (bytesPerS: number): string => `${formatBytes(bytesPerS)}/s`;

export const formatPercent = (percent: number): string => `${digits(percent)} %`;

/** Made once: that takes longer than writing a thousand numbers. */
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `12,345`; with up to two digits after the point where it is small. */
export const formatNumber = (value: number): string =>
  Math.abs(value) >= 1000 ? whole.format(Math.round(value)) : digits(value);

const spans = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** The two largest units: `3 d 4 h`, `12 s`, `250 ms`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1_000) return `${Math.max(0, Math.round(durationMs))} ms`;
  const first = spans.findIndex(([, ms]) => durationMs >= ms);
  const parts: string[] = [];
  let restMs = durationMs;
  for (const [unit, ms] of spans.slice(first, first + 2)) {
    const count = Math.floor(restMs / ms);
    restMs -= count * ms;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.join(' ');
}

/** `12 s ago`, `just now`. */
export function formatAgo(atMs: number, nowMs: number): string {
  const agoMs = nowMs - atMs;
  return agoMs < 1_000 ? 'just now' : `${formatDuration(agoMs)} ago`;
}

/** In the reader's own time zone: `2026-01-31 12:00:05`. */
export function formatTime(atMs: number): string {
  const date = new Date(atMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
