import { randomBytes } from 'node:crypto';

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

export const systemRandom: Random = fromUint32(() => randomBytes(4).readUInt32LE(0));

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
