/**
 * A ZooKeeper ensemble reduced to what a client and an observer can tell: one order of transactions, sessions, conditional
 * writes, all-or-nothing multis, failed writes that take a zxid. Faults it models: leader changes (a new epoch), expiry of
 * sessions. What happens to requests and replies on the way is the links' business.
 */
import { type Acl, openAcl, parentPath, type Txn, type TxnOp } from '@orchestrator/zookeeper';
import { ModelTree } from './tree.ts';

export type Request =
  | {
      readonly kind: 'create';
      readonly path: string;
      readonly data: Buffer | null;
      readonly acl?: readonly Acl[];
      readonly mode?: 'persistent' | 'ephemeral' | 'container';
      readonly sequential?: boolean;
    }
  | {
      readonly kind: 'setData';
      readonly path: string;
      readonly data: Buffer | null;
      readonly version: number;
    }
  | { readonly kind: 'delete'; readonly path: string; readonly version: number }
  | { readonly kind: 'check'; readonly path: string; readonly version: number }
  | {
      readonly kind: 'setAcl';
      readonly path: string;
      readonly acl: readonly Acl[];
      readonly aversion: number;
    };

export interface Outcome {
  readonly zxid: bigint;
  /** `undefined`: done. */
  readonly error?: { readonly index: number; readonly code: string };
  /** Final paths of creates. */
  readonly paths: readonly string[];
}

/** What `ephemeralOwner` says of a container. */
const containerOwner = -0x8000_0000_0000_0000n;

class Refusal extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

export interface EnsembleOptions {
  readonly name: string;
  readonly nowMs: () => number;
  /** Servers of 3.4 and 3.5 do not say which nodes go with a session. */
  readonly closeSessionSaysPaths: boolean;
  readonly onTxn?: (txn: Txn) => void;
}

export class Ensemble {
  readonly name: string;
  readonly log: Txn[] = [];
  /** The nodes that went with a session, by the transaction that closed it. */
  readonly expired = new Map<bigint, readonly string[]>();
  /** Sets and deletes of engines that asked for no version, by path. */
  readonly unconditional: string[] = [];
  tree = new ModelTree();
  readonly #options: EnsembleOptions;
  /** Sessions that are open: their timeout, and when they were last heard of. */
  readonly #live = new Map<bigint, { timeoutMs: number; heardMs: number }>();
  #epoch = 1n;
  #counter = 0n;
  #nextSession = 1n;
  /** Paths nobody but their creators may write, for tests of refusals. */
  readonly forbidden = new Set<string>();

  constructor(options: EnsembleOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get zxid(): bigint {
    return (this.#epoch << 32n) | this.#counter;
  }

  changeLeader(): void {
    this.#epoch++;
    this.#counter = 0n;
    // A new leader starts every session's time anew.
    for (const session of this.#live.keys()) this.touch(session);
  }

  /** Starts from a snapshot of another ensemble, under a higher epoch; sessions and their nodes stay behind. */
  seed(from: ModelTree): void {
    this.tree = from.clone();
    this.#epoch = (from.zxid >> 32n) + 1n;
    for (const { id } of [...this.tree.sessions()]) this.#commit(id, [{ kind: 'closeSession', paths: null }]);
  }

  isLive(session: bigint): boolean {
    return this.#live.has(session);
  }

  openSession(timeoutMs: number): bigint {
    // The top byte is the server's id, as in real ones; 0xff would mark a TTL node.
    const session = ((this.name === 'source' ? 0x11n : 0x22n) << 56n) | this.#nextSession++;
    this.#live.set(session, { timeoutMs, heardMs: this.#options.nowMs() });
    this.#commit(session, [{ kind: 'createSession', timeoutMs }]);
    return session;
  }

  touch(session: bigint): void {
    const live = this.#live.get(session);
    if (live !== undefined) live.heardMs = this.#options.nowMs();
  }

  /** Closes the sessions that were silent for too long. */
  expireSilent(): void {
    const now = this.#options.nowMs();
    for (const [session, { timeoutMs, heardMs }] of this.#live) {
      if (now - heardMs > timeoutMs) this.closeSession(session);
    }
  }

  closeSession(session: bigint): void {
    if (!this.#live.delete(session)) return;
    const owned = this.tree.ephemeralsOf(session);
    const paths = this.#options.closeSessionSaysPaths ? owned : null;
    const { zxid } = this.#commit(session, [{ kind: 'closeSession', paths }]);
    this.expired.set(zxid, owned);
  }

  /** One request, or a multi of several. */
  submit(session: bigint, requests: readonly Request[], isEngine = false): Outcome {
    if (isEngine) this.#noteUnconditional(requests);
    if (!this.#live.has(session)) {
      return { zxid: this.zxid, error: { index: 0, code: 'SessionExpired' }, paths: [] };
    }
    const draft = new Draft(this.tree, session, isEngine ? this.forbidden : undefined);
    for (const [index, request] of requests.entries()) {
      try {
        draft.add(request);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const { zxid } = this.#commit(session, [{ kind: 'none', error: -1 }]);
        return { zxid, error: { index, code: error.code }, paths: [] };
      }
    }
    const { zxid } = this.#commit(session, draft.ops);
    return { zxid, paths: draft.paths };
  }

  #noteUnconditional(requests: readonly Request[]): void {
    for (const request of requests) {
      if ((request.kind === 'setData' || request.kind === 'delete') && request.version === -1)
        this.unconditional.push(request.path);
    }
  }

  #commit(sessionId: bigint, ops: readonly TxnOp[]): Txn {
    this.#counter++;
    const txn: Txn = { zxid: this.zxid, sessionId, cxid: 0, timeMs: this.#options.nowMs(), ops };
    this.tree.apply(txn);
    this.log.push(txn);
    this.#options.onTxn?.(txn);
    return txn;
  }
}

interface DraftNode {
  version: number;
  aversion: number;
  owner: bigint;
  children: number;
  cversion: number;
}

/** The state that the ops of one multi see: the tree with the ops before them. */
class Draft {
  readonly ops: TxnOp[] = [];
  readonly paths: string[] = [];
  readonly #tree: ModelTree;
  readonly #session: bigint;
  readonly #forbidden: ReadonlySet<string> | undefined;
  readonly #changed = new Map<string, DraftNode | undefined>();

  constructor(tree: ModelTree, session: bigint, forbidden: ReadonlySet<string> | undefined) {
    this.#tree = tree;
    this.#session = session;
    this.#forbidden = forbidden;
  }

  add(request: Request): void {
    if (this.#forbidden?.has(request.path) === true) throw new Refusal('NoAuth');
    switch (request.kind) {
      case 'create':
        this.#create(request);
        break;
      case 'setData': {
        const node = this.#expect(request.path, request.version);
        node.version++;
        const { path, data } = request;
        this.ops.push({ kind: 'setData', path, data, version: node.version });
        break;
      }
      case 'delete': {
        const node = this.#expect(request.path, request.version);
        if (node.children > 0) throw new Refusal('NotEmpty');
        this.#changed.set(request.path, undefined);
        this.#expect(parentPath(request.path), -1).children--;
        this.ops.push({ kind: 'delete', path: request.path });
        break;
      }
      case 'check':
        this.#expect(request.path, request.version);
        this.ops.push({ kind: 'none' });
        break;
      case 'setAcl': {
        const node = this.#expect(request.path, -1);
        if (request.aversion !== -1 && request.aversion !== node.aversion) throw new Refusal('BadVersion');
        node.aversion++;
        this.ops.push({ kind: 'setAcl', path: request.path, acl: request.acl, aversion: node.aversion });
        break;
      }
    }
  }

  #create(request: Extract<Request, { kind: 'create' }>): void {
    const parent = this.#at(parentPath(request.path));
    if (parent === undefined) throw new Refusal('NoNode');
    if (parent.owner !== 0n && parent.owner !== containerOwner) throw new Refusal('NoChildrenForEphemerals');
    const suffix = request.sequential === true ? String(parent.cversion).padStart(10, '0') : '';
    const path = `${request.path}${suffix}`;
    if (this.#at(path) !== undefined) throw new Refusal('NodeExists');
    parent.children++;
    parent.cversion++;
    const owner = ownerOf(request.mode, this.#session);
    this.#changed.set(path, { version: 0, aversion: 0, owner, children: 0, cversion: 0 });
    this.paths.push(path);
    this.ops.push({
      kind: 'create',
      path,
      data: request.data,
      acl: request.acl ?? openAcl,
      ephemeralOwner: owner,
      parentCversion: parent.cversion,
    });
  }

  #at(path: string): DraftNode | undefined {
    if (this.#changed.has(path)) return this.#changed.get(path);
    const node = this.#tree.get(path);
    if (node === undefined) return undefined;
    const { version, aversion, ephemeralOwner: owner, cversion } = node.stat;
    const draft = { version, aversion, owner, children: node.childPaths.size, cversion };
    this.#changed.set(path, draft);
    return draft;
  }

  #expect(path: string, version: number): DraftNode {
    const node = this.#at(path);
    if (node === undefined) throw new Refusal('NoNode');
    if (version !== -1 && version !== node.version) throw new Refusal('BadVersion');
    return node;
  }
}

function ownerOf(mode: 'persistent' | 'ephemeral' | 'container' | undefined, session: bigint): bigint {
  if (mode === 'ephemeral') return session;
  return mode === 'container' ? containerOwner : 0n;
}
