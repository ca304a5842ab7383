/**
 * What a leader does to its tree, written down once more in the plainest way: the reference that the mirror is held to. It
 * makes transactions out of requests, and can take a fuzzy snapshot as servers do, node by node while writes go on.
 */
import { crc32 } from 'node:zlib';
import type { Acl } from '../../src/protocol/acl.ts';
import { nodeKind, type PersistedStat } from '../../src/protocol/stat.ts';
import type { CreateOp, Txn, TxnOp } from '../../src/protocol/txn.ts';
import type { SnapshotNode } from '../../src/tree/node.ts';

export interface ReferenceNode {
  data: Buffer | null;
  acl: readonly Acl[];
  stat: PersistedStat;
  children: Set<string>;
}

const emptyStat: PersistedStat = {
  czxid: 0n,
  mzxid: 0n,
  ctime: 0,
  mtime: 0,
  version: 0,
  cversion: 0,
  aversion: 0,
  ephemeralOwner: 0n,
  pzxid: 0n,
};

export type Request =
  | { kind: 'create'; path: string; data: Buffer | null; acl: readonly Acl[]; owner: bigint }
  | { kind: 'delete'; path: string }
  | { kind: 'setData'; path: string; data: Buffer | null }
  | { kind: 'setAcl'; path: string; acl: readonly Acl[] }
  | { kind: 'closeSession' };

const parentOf = (path: string) => path.slice(0, path.lastIndexOf('/')) || '/';

export class ReferenceTree {
  readonly nodes = new Map<string, ReferenceNode>();
  zxid = 0n;

  constructor() {
    this.nodes.set('/', { data: null, acl: [], stat: { ...emptyStat }, children: new Set() });
  }

  digest(): bigint {
    let sum = 0n;
    for (const [path, node] of this.nodes) {
      const { stat } = node;
      const bytes = Buffer.alloc(60);
      [stat.czxid, stat.mzxid, stat.pzxid, BigInt(stat.ctime), BigInt(stat.mtime)].forEach((value, index) => {
        bytes.writeBigInt64BE(value, index * 8);
      });
      [stat.version, stat.cversion, stat.aversion].forEach((value, index) => {
        bytes.writeInt32BE(value, 40 + index * 4);
      });
      bytes.writeBigInt64BE(stat.ephemeralOwner, 52);
      const name = path === '/' ? '' : path;
      sum += BigInt(crc32(Buffer.concat([Buffer.from(name), node.data ?? Buffer.alloc(0), bytes])));
    }
    return BigInt.asIntN(64, sum);
  }

  /** The transaction that one request, or those of a multi together, become; applied already. */
  execute(
    requests: readonly Request[],
    sessionId: bigint,
    options: { namesClosedPaths: boolean; digests: boolean },
  ): Txn {
    const saved = new Map([...this.nodes].map(([path, node]) => [path, copyNode(node)]));
    this.zxid += 1n;
    const timeMs = 1_700_000_000_000 + Number(this.zxid) * 7;
    const ops: TxnOp[] = [];
    for (const request of requests) {
      const op = this.#perform(request, sessionId, timeMs, options.namesClosedPaths);
      if (op !== undefined) {
        ops.push(op);
        continue;
      }
      this.nodes.clear();
      for (const [path, node] of saved) this.nodes.set(path, node);
      return { zxid: this.zxid, sessionId, cxid: 1, timeMs, ops: [{ kind: 'none', error: -101 }] };
    }
    const txn = { zxid: this.zxid, sessionId, cxid: 1, timeMs, ops };
    return options.digests ? { ...txn, digest: this.digest() } : txn;
  }

  #perform(
    request: Request,
    sessionId: bigint,
    timeMs: number,
    namesClosedPaths: boolean,
  ): TxnOp | undefined {
    if (request.kind === 'closeSession') return this.#closeSession(sessionId, namesClosedPaths);
    const node = this.nodes.get(request.path);
    if (request.kind === 'create') return node === undefined ? this.#create(request, timeMs) : undefined;
    if (node === undefined) return undefined;
    const { path } = request;
    switch (request.kind) {
      case 'delete':
        if (node.children.size > 0 || path === '/') return undefined;
        this.#delete(path);
        return { kind: 'delete', path };
      case 'setData':
        node.data = request.data;
        node.stat = { ...node.stat, version: node.stat.version + 1, mzxid: this.zxid, mtime: timeMs };
        return { kind: 'setData', path, data: request.data, version: node.stat.version };
      case 'setAcl':
        node.acl = request.acl;
        node.stat = { ...node.stat, aversion: node.stat.aversion + 1 };
        return { kind: 'setAcl', path, acl: request.acl, aversion: node.stat.aversion };
    }
  }

  #create(request: Request & { kind: 'create' }, timeMs: number): CreateOp | undefined {
    const { path, data, acl, owner } = request;
    const parent = this.nodes.get(parentOf(path));
    if (parent === undefined || nodeKind(parent.stat.ephemeralOwner) === 'ephemeral') return undefined;
    parent.children.add(path);
    parent.stat = { ...parent.stat, cversion: parent.stat.cversion + 1, pzxid: this.zxid };
    const stat = {
      ...emptyStat,
      czxid: this.zxid,
      mzxid: this.zxid,
      pzxid: this.zxid,
      ctime: timeMs,
      mtime: timeMs,
    };
    this.nodes.set(path, { data, acl, stat: { ...stat, ephemeralOwner: owner }, children: new Set() });
    return { kind: 'create', path, data, acl, ephemeralOwner: owner, parentCversion: parent.stat.cversion };
  }

  #delete(path: string): void {
    const parent = this.nodes.get(parentOf(path));
    if (parent === undefined) return;
    this.nodes.delete(path);
    parent.children.delete(path);
    parent.stat = { ...parent.stat, pzxid: this.zxid };
  }

  #closeSession(sessionId: bigint, namesPaths: boolean): TxnOp {
    const paths = [...this.nodes]
      .filter(([, node]) => node.stat.ephemeralOwner === sessionId)
      .map(([path]) => path);
    for (const path of paths) this.#delete(path);
    return { kind: 'closeSession', paths: namesPaths ? paths : null };
  }

  /** A pre-order pass that copies each node when it comes to it; between two steps writes may go on. */
  *snapshot(path = '/'): Generator<SnapshotNode> {
    const node = this.nodes.get(path);
    if (node === undefined) return;
    const children = [...node.children];
    yield { path, data: node.data, acl: node.acl, stat: { ...node.stat } };
    for (const child of children) yield* this.snapshot(child);
  }
}

function copyNode(node: ReferenceNode): ReferenceNode {
  return { ...node, stat: { ...node.stat }, children: new Set(node.children) };
}
