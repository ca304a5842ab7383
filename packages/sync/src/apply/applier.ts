/** Carries out the core's writes to one side, on one session of its own. */
import { type Clock, createBackoff, type Random, sleep } from '@orchestrator/runtime';
import { type MultiOp, type ZooKeeperClient, ZooKeeperError } from '@orchestrator/zookeeper';
import type { Action, Event, Side, WriteOp } from '../core/types.ts';
import { cursorGone } from '../errors.ts';
import { decodeCursor, encodeCursor, type OwnZnodes } from '../znodes.ts';

type ApplyAction = Extract<Action, { kind: 'apply' }>;
type ApplyAclAction = Extract<Action, { kind: 'applyAcl' }>;

export interface ApplierOptions {
  readonly side: Side;
  /** Used for nothing else, so that its requests stay in the order of the core's actions. */
  readonly client: ZooKeeperClient;
  readonly znodes: OwnZnodes;
  readonly post: (event: Event) => void;
  /** Keeps the id of a session that will write, before it does. */
  readonly rememberSession: (sessionId: bigint) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
}

export interface Applier {
  apply(action: ApplyAction): void;
  applyAcl(action: ApplyAclAction): Promise<void>;
  readCursor(): Promise<void>;
}

/** No request of a session may be larger; more than one multi of this size is never built. */
function multiOp(op: WriteOp): MultiOp {
  switch (op.kind) {
    case 'setData':
      return op;
    case 'delete':
      return op;
    case 'check':
      return op;
    case 'create':
      return op.mode === 'ttl'
        ? { ...op, mode: 'persistentWithTtl', ttlMs: op.ttlMs }
        : { kind: 'create', path: op.path, data: op.data, acl: op.acl, mode: op.mode };
  }
}

/** The op whose data is too large for a request: a multi that cannot be sent names none. */
function largestOp(ops: readonly WriteOp[]): number {
  const size = (op: WriteOp | undefined) => (op !== undefined && 'data' in op ? (op.data?.length ?? 0) : 0);
  return ops.reduce((largest, op, index) => (size(op) > size(ops[largest]) ? index : largest), 0);
}

export function createApplier(options: ApplierOptions): Applier {
  const { side, client, znodes, post, signal } = options;
  let rememberedSession = 0n;

  /** `undefined` when the answer says which operation failed; else nobody knows what became of it. */
  const settleFailure = (error: unknown, batch: number, index: number) => {
    if (signal.aborted) return;
    if (!(error instanceof ZooKeeperError)) options.onFailure(error);
    else if (error.code === 'MarshallingError' && error.zxid === undefined) {
      post({ kind: 'applyFailed', side, batch, index, code: 'TooLarge', zxid: 0n });
    } else if (error.zxid !== undefined && error.code !== 'ConnectionLoss') {
      post({ kind: 'applyFailed', side, batch, index, code: error.code, zxid: error.zxid });
    } else {
      post({ kind: 'applyUnknown', side, batch });
    }
  };

  const remember = async () => {
    const { sessionId } = client;
    if (sessionId === rememberedSession) return;
    await options.rememberSession(sessionId);
    rememberedSession = sessionId;
    post({ kind: 'sessionOpened', side, sessionId });
  };

  return {
    apply({ batch, cursor, cursorVersion, ops }) {
      const sent: MultiOp[] = [
        { kind: 'setData', path: znodes.cursor, data: encodeCursor(cursor), version: cursorVersion },
      ];
      for (const op of ops) sent.push(multiOp(op));
      client.tryMulti(sent).then(
        (outcome) => {
          if (signal.aborted) return;
          const { zxid } = outcome;
          if (outcome.ok) post({ kind: 'applied', side, batch, zxid });
          else post({ kind: 'applyFailed', side, batch, index: outcome.index, code: outcome.code, zxid });
        },
        (error) => settleFailure(error, batch, 1 + largestOp(ops)),
      );
    },

    async applyAcl({ batch, fenceVersion, path, acl, aversion }) {
      let index = 0;
      try {
        await remember();
        await client.multi([
          { kind: 'check', path: znodes.fence, version: fenceVersion },
          { kind: 'setData', path: znodes.mark, data: null, version: -1 },
        ]);
        index = 1;
        const { zxid } = await client.setAcl(path, acl, aversion);
        if (!signal.aborted) post({ kind: 'applied', side, batch, zxid });
      } catch (error) {
        settleFailure(error, batch, index);
      }
    },

    async readCursor() {
      const backoff = createBackoff({ firstDelayMs: 50, maxDelayMs: 2000, random: options.random });
      while (!signal.aborted) {
        try {
          post(await readCursorOnce(client, znodes, side));
          return;
        } catch (error) {
          if (signal.aborted) return;
          if (!(error instanceof ZooKeeperError && isPassing(error))) {
            options.onFailure(error);
            return;
          }
          await sleep(options.clock, backoff.nextDelayMs(), signal).catch(() => undefined); // aborted: seen above
        }
      }
    },
  };
}

const isPassing = (error: ZooKeeperError) => error.retryable || error.code === 'SessionExpired';

/** After a `sync`, so that it is at least as new as every write whose answer was lost. */
async function readCursorOnce(
  client: ZooKeeperClient,
  znodes: OwnZnodes,
  side: Side,
): Promise<Extract<Event, { kind: 'cursorRead' }>> {
  const [, read, fence] = await Promise.all([
    client.sync(znodes.cursor),
    client.getData(znodes.cursor).catch((error) => {
      throw missingCursor(error, znodes, side);
    }),
    client.exists(znodes.fence),
  ]);
  if (fence.stat === null) throw missingCursor(undefined, znodes, side);
  return {
    kind: 'cursorRead',
    side,
    cursor: decodeCursor(read.data, znodes.cursor),
    version: read.stat.version,
    fenceVersion: fence.stat.version,
    zxid: read.stat.mzxid,
  };
}

function missingCursor(error: unknown, znodes: OwnZnodes, side: Side): unknown {
  if (error !== undefined && !(error instanceof ZooKeeperError && error.code === 'NoNode')) return error;
  return cursorGone(side, znodes.folder, error);
}
