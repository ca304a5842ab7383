/** A znode tree as servers keep it: the model ensemble's own state, and the mirror that model captures hand to the core. */
import {
  type Acl,
  dataHash,
  nodeKind,
  openAcl,
  type PersistedStat,
  parentPath,
  type Session,
  type Txn,
  type TxnOp,
} from '@orchestrator/zookeeper';

export interface ModelNode {
  readonly path: string;
  data: Buffer | null;
  acl: readonly Acl[];
  readonly stat: PersistedStat;
  readonly childPaths: Set<string>;
  dataHash: bigint;
}

function newNode(path: string, data: Buffer | null, acl: readonly Acl[], owner: bigint, txn: Txn): ModelNode {
  const { zxid, timeMs } = txn;
  const stat = {
    czxid: zxid,
    mzxid: zxid,
    pzxid: zxid,
    ctime: timeMs,
    mtime: timeMs,
    version: 0,
    cversion: 0,
    aversion: 0,
    ephemeralOwner: owner,
  };
  return { path, data, acl, stat, childPaths: new Set(), dataHash: dataHash(data) };
}

const nothing: Txn = { zxid: 0n, sessionId: 0n, cxid: 0, timeMs: 0, ops: [] };

export class ModelTree {
  readonly nodes = new Map<string, ModelNode>([['/', newNode('/', null, openAcl, 0n, nothing)]]);
  readonly #sessions = new Map<bigint, number>();
  readonly #ephemerals = new Map<bigint, Set<string>>();
  zxid = 0n;

  clone(): ModelTree {
    const copy = new ModelTree();
    for (const node of this.nodes.values()) {
      copy.nodes.set(node.path, { ...node, stat: { ...node.stat }, childPaths: new Set(node.childPaths) });
    }
    for (const [id, timeoutMs] of this.#sessions) copy.#sessions.set(id, timeoutMs);
    for (const [id, paths] of this.#ephemerals) copy.#ephemerals.set(id, new Set(paths));
    copy.zxid = this.zxid;
    return copy;
  }

  get(path: string): ModelNode | undefined {
    return this.nodes.get(path);
  }

  has(path: string): boolean {
    return this.nodes.has(path);
  }

  children(path: string): readonly string[] {
    return [...(this.nodes.get(path)?.childPaths ?? [])].sort();
  }

  *walk(prefix = '/'): Generator<ModelNode> {
    const node = this.nodes.get(prefix);
    if (node === undefined) return;
    yield node;
    for (const child of this.children(prefix)) yield* this.walk(child);
  }

  ephemeralsOf(sessionId: bigint): readonly string[] {
    return [...(this.#ephemerals.get(sessionId) ?? [])];
  }

  *sessions(): Generator<Session> {
    for (const [id, timeoutMs] of this.#sessions) yield { id, timeoutMs };
  }

  apply(txn: Txn): void {
    if (txn.zxid <= this.zxid) return;
    for (const op of txn.ops) this.#applyOp(op, txn);
    this.zxid = txn.zxid;
  }

  #applyOp(op: TxnOp, txn: Txn): void {
    switch (op.kind) {
      case 'create': {
        const parent = this.nodes.get(parentPath(op.path));
        if (parent === undefined || this.nodes.has(op.path)) return;
        this.nodes.set(op.path, newNode(op.path, op.data, op.acl, op.ephemeralOwner, txn));
        parent.childPaths.add(op.path);
        parent.stat.cversion = op.parentCversion === -1 ? parent.stat.cversion + 1 : op.parentCversion;
        parent.stat.pzxid = txn.zxid;
        this.#own(op.ephemeralOwner, op.path);
        break;
      }
      case 'delete':
        this.#delete(op.path, txn.zxid);
        break;
      case 'setData': {
        const node = this.nodes.get(op.path);
        if (node === undefined) return;
        node.data = op.data;
        node.dataHash = dataHash(op.data);
        node.stat.version = op.version;
        node.stat.mzxid = txn.zxid;
        node.stat.mtime = txn.timeMs;
        break;
      }
      case 'setAcl': {
        const node = this.nodes.get(op.path);
        if (node === undefined) return;
        node.acl = op.acl;
        node.stat.aversion = op.aversion;
        break;
      }
      case 'createSession':
        this.#sessions.set(txn.sessionId, op.timeoutMs);
        break;
      case 'closeSession':
        for (const path of this.ephemeralsOf(txn.sessionId)) this.#delete(path, txn.zxid);
        this.#sessions.delete(txn.sessionId);
        break;
      case 'none':
        break;
    }
  }

  #own(owner: bigint, path: string): void {
    if (owner === 0n || nodeKind(owner) !== 'ephemeral') return;
    const paths = this.#ephemerals.get(owner);
    if (paths === undefined) this.#ephemerals.set(owner, new Set([path]));
    else paths.add(path);
  }

  #delete(path: string, zxid: bigint): void {
    const parent = this.nodes.get(parentPath(path));
    const node = this.nodes.get(path);
    if (parent !== undefined && zxid > parent.stat.pzxid) parent.stat.pzxid = zxid;
    if (node === undefined) return;
    this.nodes.delete(path);
    parent?.childPaths.delete(path);
    const paths = this.#ephemerals.get(node.stat.ephemeralOwner);
    if (paths?.delete(path) === true && paths.size === 0) this.#ephemerals.delete(node.stat.ephemeralOwner);
  }
}
