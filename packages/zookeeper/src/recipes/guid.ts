import type { Random } from '@orchestrator/runtime/random';

/** 128 bits of chance in hexadecimal: a name that nobody else has. */
export function guid(random: Random): string {
  return Array.from({ length: 32 }, () => random.below(16).toString(16)).join('');
}
