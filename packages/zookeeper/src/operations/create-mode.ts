import { ZooKeeperError } from '../errors.ts';

/** Number on the wire of each way a node can be created. */
const modeFlags = {
  persistent: 0,
  ephemeral: 1,
  persistentSequential: 2,
  ephemeralSequential: 3,
  container: 4,
  persistentWithTtl: 5,
  persistentSequentialWithTtl: 6,
} as const;

/**
 * - `ephemeral…`: deleted with the session that created it.
 * - `…Sequential`: the server appends a ten-digit number, counted per parent.
 * - `container` (3.5): deleted some time after its last child.
 * - `…WithTtl` (3.5, `extendedTypesEnabled`): deleted when unmodified for `ttlMs` and without children.
 */
export type CreateMode = keyof typeof modeFlags;

const createModes = Object.keys(modeFlags) as readonly CreateMode[];

export function createModeFlags(mode: CreateMode): number {
  const flags = modeFlags[mode];
  if (flags === undefined) {
    throw new ZooKeeperError('BadArguments', `create mode "${mode}" is none of ${createModes.join(', ')}`);
  }
  return flags;
}

export function isSequential(mode: CreateMode): boolean {
  return (
    mode === 'persistentSequential' ||
    mode === 'ephemeralSequential' ||
    mode === 'persistentSequentialWithTtl'
  );
}

export function hasTtl(mode: CreateMode): boolean {
  return mode === 'persistentWithTtl' || mode === 'persistentSequentialWithTtl';
}
