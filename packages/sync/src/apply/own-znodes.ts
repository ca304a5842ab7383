/** Puts the engine's znodes in place on both sides, or refuses, before anything else is written. */
import { type MultiOp, type ZooKeeperClient, ZooKeeperError } from '@orchestrator/zookeeper';
import type { Cursor, Side } from '../core/types.ts';
import { SyncError } from '../errors.ts';
import { decodeCursor, encodeCursor, type OwnZnodes, ownRoot } from '../znodes.ts';

export interface OwnZnodesOptions {
  readonly clients: Readonly<Record<Side, ZooKeeperClient>>;
  readonly znodes: OwnZnodes;
  /** Throws when the target may not be filled: it holds what is not ours. Asked only where no cursor says otherwise. */
  readonly checkEmptyTarget: () => Promise<void>;
  /** As of which that was checked. */
  readonly targetZxid: () => bigint;
  /** Unique to this start. */
  readonly nonce: string;
}

export interface PreparedSides {
  readonly cursors: Readonly<Record<Side, Cursor>>;
}

const nothingYet: Cursor = { term: 0, multi: 0, zxid: 0n, seenZxid: 0n };

/**
 * - Neither side has a cursor, or only the source has (the target was replaced): a first copy.
 * - Only the target has one, of term 0: it was seeded, and its cursor says from where the source's stream goes on.
 * - Both have one: the engine ran before.
 */
export async function prepareOwnZnodes(options: OwnZnodesOptions): Promise<PreparedSides> {
  const { clients, znodes } = options;
  await checkDifferent(options);
  const [source, target] = await Promise.all([
    readCursorIfAny(clients.source, znodes),
    readCursorIfAny(clients.target, znodes),
  ]);
  if (source !== undefined && target !== undefined) return { cursors: { source, target } };
  if (target !== undefined) return { cursors: { source: await adoptSeed(options, target), target } };
  await options.checkEmptyTarget();
  // What the target's clients do from here on is theirs, and is carried to the source like any change.
  const cursors = { source: nothingYet, target: { ...nothingYet, seenZxid: options.targetZxid() } };
  await ensureZnodes(clients.source, znodes, cursors.source, source !== undefined);
  await ensureZnodes(clients.target, znodes, cursors.target, false);
  return { cursors };
}

async function adoptSeed({ clients, znodes }: OwnZnodesOptions, target: Cursor): Promise<Cursor> {
  if (target.term > 0) {
    throw new SyncError(
      'CursorGone',
      `the source has no ${znodes.cursor} while the target was synchronised up to 0x${target.zxid.toString(16)} (term ${target.term}): ` +
        'the source was emptied or replaced, or somebody deleted it. To begin anew, check that the source is the one you ' +
        `mean, then delete ${znodes.folder} on the target and accept its content with adoptTarget`,
    );
  }
  const cursor: Cursor = { term: 0, multi: 0, zxid: target.seenZxid, seenZxid: target.zxid };
  await ensureZnodes(clients.source, znodes, cursor, false);
  return cursor;
}

async function readCursorIfAny(client: ZooKeeperClient, znodes: OwnZnodes): Promise<Cursor | undefined> {
  try {
    await client.sync('/');
    const { data } = await client.getData(znodes.cursor);
    return decodeCursor(data, znodes.cursor);
  } catch (error) {
    if (error instanceof ZooKeeperError && error.code === 'NoNode') return undefined;
    throw error;
  }
}

async function ensureZnodes(
  client: ZooKeeperClient,
  znodes: OwnZnodes,
  cursor: Cursor,
  reset: boolean,
): Promise<void> {
  await createMissing(client, [ownRoot, znodes.folder, znodes.fence, znodes.mark]);
  const data = encodeCursor(cursor);
  const op: MultiOp = reset
    ? { kind: 'setData', path: znodes.cursor, data }
    : { kind: 'create', path: znodes.cursor, data };
  await client.multi([{ kind: 'setData', path: znodes.mark, data: null }, op]);
}

async function createMissing(client: ZooKeeperClient, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    try {
      await client.create(path, null);
    } catch (error) {
      if (!(error instanceof ZooKeeperError && error.code === 'NodeExists')) throw error;
    }
  }
}

/** What is written to one must not be found in the other. Leaves nothing behind. */
async function checkDifferent({ clients, znodes, nonce }: OwnZnodesOptions): Promise<void> {
  const { source, target } = clients;
  const created: string[] = [];
  const probe = `${znodes.folder}/probe-${nonce}`;
  try {
    for (const path of [ownRoot, znodes.folder, probe]) {
      if ((await source.exists(path)).stat !== null) continue;
      await createMissing(source, [path]);
      created.push(path);
    }
    await target.sync('/');
    if ((await target.exists(probe)).stat !== null) {
      throw new SyncError(
        'SameEnsemble',
        'source and target are the same ensemble: what is written to one is found in the other. ' +
          'Give two different connect strings',
      );
    }
  } finally {
    for (const path of created.reverse()) await deleteIfEmpty(source, path);
  }
}

async function deleteIfEmpty(client: ZooKeeperClient, path: string): Promise<void> {
  try {
    await client.delete(path);
  } catch (error) {
    if (!(error instanceof ZooKeeperError && (error.code === 'NotEmpty' || error.code === 'NoNode')))
      throw error;
  }
}

/** Removes all of the engine's znodes; the common root only when no other migration has its own there. */
export async function removeOwnZnodes(client: ZooKeeperClient, znodes: OwnZnodes): Promise<void> {
  const children = await client.getChildren(znodes.folder).catch((error) => {
    if (error instanceof ZooKeeperError && error.code === 'NoNode') return { children: [] };
    throw error;
  });
  for (const name of children.children) await deleteIfEmpty(client, `${znodes.folder}/${name}`);
  await deleteIfEmpty(client, znodes.folder);
  await deleteIfEmpty(client, ownRoot);
}
