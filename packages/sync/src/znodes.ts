/**
 * The znodes that the engine keeps on both ensembles, below `/orchestrator-sync/<migration>`:
 *
 * - `cursor`: how far the stream of the other side has been applied here, see {@link Cursor};
 * - `fence`: its version moves with each new leader, so that a check of it stops a deposed one's ephemerals;
 * - `mark`: written in each multi that carries ephemerals, so that these are known as ours;
 * - `side`: names this ensemble's role, so that nobody synchronises an ensemble with itself.
 */

import type { Cursor } from './core/types.ts';
import { SyncError } from './errors.ts';

export const ownRoot = '/orchestrator-sync';

export interface OwnZnodes {
  readonly folder: string;
  readonly cursor: string;
  readonly fence: string;
  readonly mark: string;
  readonly side: string;
}

const legalName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Throws `BadOption` for an id that cannot be a znode's name. */
export function ownZnodes(migrationId: string): OwnZnodes {
  if (!legalName.test(migrationId)) {
    throw new SyncError(
      'BadOption',
      `migration id ${JSON.stringify(migrationId)} cannot name a znode; use up to 100 letters, digits, ".", "_" and "-"`,
    );
  }
  const folder = `${ownRoot}/${migrationId}`;
  return {
    folder,
    cursor: `${folder}/cursor`,
    fence: `${folder}/fence`,
    mark: `${folder}/mark`,
    side: `${folder}/side`,
  };
}

const format = 1;
const hex = (zxid: bigint) => `0x${zxid.toString(16)}`;

/** JSON, so that an operator with any client can read how far the engine got. */
export function encodeCursor(cursor: Cursor): Buffer {
  const { term, multi, zxid, seenZxid } = cursor;
  return Buffer.from(JSON.stringify({ format, term, multi, zxid: hex(zxid), seenZxid: hex(seenZxid) }));
}

/** Throws `Unknown` for what this version did not write. */
export function decodeCursor(data: Buffer | null, path: string): Cursor {
  try {
    const read: unknown = JSON.parse((data ?? Buffer.alloc(0)).toString('utf8'));
    if (isCursorRecord(read)) {
      const { term, multi = 0 } = read;
      return { term, multi, zxid: BigInt(read.zxid), seenZxid: BigInt(read.seenZxid) };
    }
  } catch (error) {
    throw unreadableCursor(path, error);
  }
  throw unreadableCursor(path);
}

interface CursorRecord {
  readonly term: number;
  /** Not in the cursor of a seeded snapshot. */
  readonly multi?: number;
  readonly zxid: string;
  readonly seenZxid: string;
}

function isCursorRecord(value: unknown): value is CursorRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { format: found, term, multi = 0, zxid, seenZxid } = value as Record<string, unknown>;
  const isNumbered = Number.isSafeInteger(term) && Number.isSafeInteger(multi);
  return found === format && isNumbered && typeof zxid === 'string' && typeof seenZxid === 'string';
}

function unreadableCursor(path: string, cause?: unknown): SyncError {
  return new SyncError(
    'Unknown',
    `${path} does not hold a cursor of this version; another version of the engine or somebody else wrote it. ` +
      'Run the version that did, or delete it to have both sides compared from the beginning',
    cause,
  );
}
