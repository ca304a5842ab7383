/** Amounts of bytes as Mesos writes them: `64MB`. */
import { FlagError } from '@orchestrator/mesos';

const units: readonly (readonly [name: string, bytes: number])[] = [
  ['TB', 2 ** 40],
  ['GB', 2 ** 30],
  ['MB', 2 ** 20],
  ['KB', 2 ** 10],
  ['B', 1],
];

/** In the largest unit that leaves no fraction. */
export function bytesText(bytes: number): string {
  const [name, size] = units.find(([, size]) => bytes > 0 && bytes % size === 0) ?? ['B', 1];
  return `${bytes / size}${name}`;
}

/** @throws FlagError */
export function parseBytes(flag: string, text: string): number {
  const [, amount = '', unit = ''] = /^(\d+)\s*([KMGT]?B)$/.exec(text.trim()) ?? [];
  const size = units.find(([name]) => name === unit)?.[1];
  if (size !== undefined) return Number(amount) * size;
  throw new FlagError({ flag, value: text, write: 'an amount such as 64MB' });
}
