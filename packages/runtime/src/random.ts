import { randomFillSync } from 'node:crypto';

/** Chance comes in as an argument everywhere, so that a simulation with a seed can replace it. */
export interface Random {
  /** Uniform in [0, 1). */
  fraction(): number;
  /** Uniform integer in [0, bound). */
  below(bound: number): number;
}

function fromUint32(next: () => number): Random {
  const fraction = () => next() / 0x1_0000_0000;
  return { fraction, below: (bound) => Math.floor(fraction() * bound) };
}

/** A call of the system costs a microsecond, whatever it is asked for: numbers are fetched a thousand at a time. */
const fetched = Buffer.alloc(4_096);
let used = fetched.length;

function systemUint32(): number {
  if (used === fetched.length) {
    randomFillSync(fetched);
    used = 0;
  }
  const number = fetched.readUInt32LE(used);
  used += 4;
  return number;
}

export const systemRandom: Random = fromUint32(systemUint32);

/** The same seed gives the same sequence on every machine (mulberry32; not for secrets). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return fromUint32(() => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  });
}
