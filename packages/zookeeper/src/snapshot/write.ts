/**
 * A snapshot file, as a server of 3.4 to 3.9 loads it from `dataDir/version-2`:
 *
 *   int 'ZKSN' | int 2 | long -1          header
 *   body                                  see body.ts
 *   long Adler32 of all so far | str "/"  seal
 *   long zxid | int 2 | long treeDigest   from 3.6 on, then another seal over all so far
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ZooKeeperError } from '../errors.ts';
import { JuteWriter } from '../jute/writer.ts';
import { formatZxid } from '../protocol/zxid.ts';
import { DigestSum } from '../tree/digest.ts';
import type { Session, SnapshotNode, TreeNode } from '../tree/node.ts';
import { nodeDigest } from '../tree/node-digest.ts';
import { Adler32 } from './adler32.ts';
import { AclKeys, writeAcls, writeBodyEnd, writeNode, writeSessions } from './body-writer.ts';
import { snapshotFileName } from './names.ts';
import type { SeedChange, SeedContext, SeedRules } from './seed-rules.ts';
import { ChangeLog, findSequenceParents, ownNodes, type SelectedNode, selectNodes } from './select.ts';

export const fileMagic = 0x5a4b534e;
const fileVersion = 2;
export const digestVersion = 2;

/** Where the nodes come from; a `Tree` that retains data is one. It must not change until the file is written. */
export interface SnapshotSource {
  readonly zxid: bigint;
  walk(prefix?: string, options?: { readonly data?: boolean }): Iterable<TreeNode>;
  sessions(): Iterable<Session>;
}

export interface WriteSnapshotOptions extends SeedRules {
  readonly source: SnapshotSource;
  /** The file goes here, named after `zxid`: a server's `dataDir/version-2`, or a folder to copy from. */
  readonly folder: string;
  /** Not below any zxid in the tree; for another ensemble take `seedZxid`. */
  readonly zxid: bigint;
  /** Nodes of our own, parents first; one takes the place of the source's node of the same path. */
  readonly add?: readonly SnapshotNode[];
  /** Of the file; the target's servers must be able to read it. Default 0o600, as it holds all data and password hashes. */
  readonly mode?: number;
}

export interface WrittenSnapshot {
  readonly file: string;
  readonly zxid: bigint;
  readonly bytes: number;
  readonly nodes: number;
  readonly sessions: number;
  /** As the target's servers of 3.6 and later will count it. */
  readonly digest: bigint;
  /** How many nodes each change befell; for dropped subtrees only their tops are counted. */
  readonly changes: Readonly<Partial<Record<SeedChange, number>>>;
  /** The paths, up to 1,000 for each kind of change. */
  readonly changedPaths: Readonly<Partial<Record<SeedChange, readonly string[]>>>;
}

const bytesPerWrite = 1 << 20;

/** Bytes on their way to the file, and the checksum over them. */
class SealedFile {
  readonly writer = new JuteWriter(bytesPerWrite + (1 << 16));
  readonly #handle: FileHandle;
  readonly #adler = new Adler32();
  bytes = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async flush(): Promise<void> {
    const bytes = this.writer.bytes();
    this.writer.reset();
    this.#adler.update(bytes);
    this.bytes += bytes.length;
    await this.#handle.writeFile(bytes);
  }

  async seal(): Promise<void> {
    await this.flush();
    this.writer.long(BigInt(this.#adler.value)).string('/');
  }

  async finish(): Promise<void> {
    await this.flush();
    await this.#handle.sync();
  }
}

function checkZxid(node: SelectedNode, zxid: bigint): void {
  const { czxid, mzxid, pzxid } = node.stat;
  if (czxid <= zxid && mzxid <= zxid && pzxid <= zxid) return;
  throw new ZooKeeperError(
    'InvalidOption',
    `zxid ${formatZxid(zxid)} of the snapshot is below one of ${node.path}; take one from seedZxid`,
    { path: node.path },
  );
}

function withData(node: SelectedNode): SnapshotNode {
  if (node.data !== undefined) return { path: node.path, data: node.data, acl: node.acl, stat: node.stat };
  throw new ZooKeeperError(
    'InvalidOption',
    'the tree does not retain data, so no snapshot can be written from it',
  );
}

interface Plan {
  readonly options: WriteSnapshotOptions;
  readonly context: SeedContext;
  readonly keys: AclKeys;
  readonly sessions: readonly Session[];
  readonly own: ReadonlyMap<string, SnapshotNode>;
}

/** The table of ACLs comes before the nodes that use it, so they are looked at once before the first byte is written. */
async function planSnapshot(options: WriteSnapshotOptions): Promise<Plan> {
  const { source, zxid } = options;
  const sessions = options.sessions === 'keep' ? [...source.sessions()] : [];
  const raises = (options.sequenceGap ?? 0) > 0;
  const sequenceParents = raises
    ? await findSequenceParents(source.walk('/', { data: false }))
    : new Set<string>();
  const context = {
    rules: options,
    sequenceParents,
    sessionIds: new Set(sessions.map((session) => session.id)),
  };
  const own = ownNodes(options, options.add ?? []);
  const keys = new AclKeys();
  for await (const node of selectNodes(source.walk('/', { data: false }), context, own)) {
    checkZxid(node, zxid);
    keys.keyOf(node.acl);
  }
  return { options, context, keys, sessions, own };
}

async function writeFile(plan: Plan, handle: FileHandle): Promise<Omit<WrittenSnapshot, 'file'>> {
  const { options, context, keys } = plan;
  const file = new SealedFile(handle);
  const digest = new DigestSum();
  const log = new ChangeLog();
  let nodes = 0;
  file.writer.int(fileMagic).int(fileVersion).long(-1n);
  writeSessions(file.writer, plan.sessions);
  writeAcls(file.writer, keys);
  for await (const selected of selectNodes(options.source.walk('/'), context, plan.own, log)) {
    const node = withData(selected);
    writeNode(file.writer, node, keys);
    digest.add(nodeDigest(node.path, node.data, node.stat));
    nodes++;
    if (file.writer.length >= bytesPerWrite) await file.flush();
  }
  writeBodyEnd(file.writer);
  await file.seal();
  if (options.targetVersion !== '3.4' && options.targetVersion !== '3.5') {
    file.writer.long(options.zxid).int(digestVersion).long(digest.value);
    await file.seal();
  }
  await file.finish();
  return {
    zxid: options.zxid,
    bytes: file.bytes,
    nodes,
    sessions: plan.sessions.length,
    digest: digest.value,
    changes: log.counts,
    changedPaths: log.paths,
  };
}

/**
 * Writes a snapshot that seeds another ensemble: put it into `dataDir/version-2` of each of its servers, which must hold
 * nothing else, then start them. The file appears under its name only when it is complete and synced.
 *
 * @throws ZooKeeperError `InvalidOption` when the source holds no data, changes meanwhile, or `zxid` is too low
 */
export async function writeSnapshot(options: WriteSnapshotOptions): Promise<WrittenSnapshot> {
  const before = options.source.zxid;
  const plan = await planSnapshot(options);
  const file = join(options.folder, snapshotFileName(options.zxid));
  const partial = `${file}.partial`;
  const handle = await open(partial, 'w', options.mode ?? 0o600);
  try {
    const written = await writeFile(plan, handle).finally(() => handle.close());
    if (options.source.zxid !== before) {
      throw new ZooKeeperError(
        'InvalidOption',
        'the source changed while the snapshot was written; hold it still meanwhile',
      );
    }
    await rename(partial, file);
    return { file, ...written };
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
