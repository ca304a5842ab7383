import { MesosError } from '../errors.ts';

/** From the longest on; milliseconds. */
const units: readonly (readonly [name: string, ms: number])[] = [
  ['weeks', 604_800_000],
  ['days', 86_400_000],
  ['hrs', 3_600_000],
  ['mins', 60_000],
  ['secs', 1_000],
  ['ms', 1],
  ['us', 1e-3],
  ['ns', 1e-6],
];

/** A duration as Mesos' flags and variables have it (`15mins`, `2.5secs`), in milliseconds. Throws `MesosError` (`invalid`). */
export function parseDuration(text: string): number {
  const match = /^(-?\d+(?:\.\d+)?)([a-z]+)$/.exec(text.trim());
  const unit = units.find(([name]) => name === match?.[2]);
  if (match === null || unit === undefined) {
    throw new MesosError(`${JSON.stringify(text)} is no duration`, {
      code: 'invalid',
      remedy: `write a number and one of ${units.map(([name]) => name).join(', ')}`,
    });
  }
  return Number(match[1]) * unit[1];
}

/** As Mesos prints it: in the unit of its size, or in the next smaller one where that makes it a whole number. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  const nanoseconds = Math.round(ms * 1e6);
  const isWhole = (unitMs: number) => nanoseconds % Math.round(unitMs * 1e6) === 0;
  const index = units.findIndex(([, unitMs]) => ms >= unitMs);
  const [own, smaller] = [units[index], units[index + 1]];
  if (own === undefined) return `${nanoseconds}ns`;
  const [name, unitMs] = smaller !== undefined && !isWhole(own[1]) && isWhole(smaller[1]) ? smaller : own;
  return `${Number((ms / unitMs).toPrecision(15))}${name}`;
}
