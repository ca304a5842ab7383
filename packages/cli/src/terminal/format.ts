/** Numbers as people read them. */

/** `1,234,567`; always with a comma, whatever the locale, so that output can be compared. */
export const formatCount = (value: number): string =>
  Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Decimal units: `17.5 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < byteUnits.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${byteUnits[unit]}`;
}

/** A quantity of progress: bytes with their own units, all else as a count. */
export const formatQuantity = (value: number, unit: string): string =>
  unit === 'bytes' ? formatBytes(value) : formatCount(value);

/** `0.4 ms`, `350 ms`, `1.4 s`, `12 s`, `3 min 05 s`, `2 h 07 min`, `3 d 4 h`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 10) return `${durationMs.toFixed(1)} ms`;
  if (durationMs < 1_000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 10_000) return `${(durationMs / 1_000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const pad = (value: number) => value.toString().padStart(2, '0');
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`;
  const hours = Math.floor(seconds / 3_600);
  if (hours < 48) return `${hours} h ${pad(Math.floor((seconds % 3_600) / 60))} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `-` when there is nothing to say yet. */
export const formatLag = (lagMs: number | null): string => (lagMs === null ? '-' : formatDuration(lagMs));

/** `2026-11-23 08:20:15Z`: UTC, since the machines of one migration may be in several zones. */
export const formatTime = (timeMs: number): string =>
  `${new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ')}Z`;

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;
