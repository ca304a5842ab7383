/** Creates copies of ephemerals in their mirror sessions. */
import { type Clock, sleep } from '@orchestrator/runtime';
import {
  type MultiOp,
  type MultiOutcome,
  type ZooKeeperClient,
  ZooKeeperError,
} from '@orchestrator/zookeeper';
import type { Action, EphemeralCreate, Event } from '../core/types.ts';
import type { OwnZnodes } from '../znodes.ts';
import type { MirrorSessions } from './mirror-sessions.ts';

type ApplyEphemeralsAction = Extract<Action, { kind: 'applyEphemerals' }>;

interface Outcome {
  readonly zxid: bigint;
  /** `undefined`: it is there and ours. */
  readonly code?: string;
}

/** After a lost answer it is tried again: then it is either made, or there and ours. */
const retryMs = 200;

export interface EphemeralApplierOptions {
  readonly znodes: OwnZnodes;
  readonly sessions: MirrorSessions;
  readonly post: (event: Event) => void;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** Each in a multi of its own, so that one that cannot be created does not keep the others back. */
export async function applyEphemerals(
  action: ApplyEphemeralsAction,
  options: EphemeralApplierOptions,
): Promise<void> {
  const { side, batch } = action;
  const outcomes = await Promise.all(
    action.creates.map(async (create) => ({ create, outcome: await createCopy(action, create, options) })),
  );
  if (options.signal.aborted) return;
  let zxid = 0n;
  const failed: { path: string; code: string }[] = [];
  for (const { create, outcome } of outcomes) {
    if (outcome.zxid > zxid) zxid = outcome.zxid;
    if (outcome.code !== undefined) failed.push({ path: create.path, code: outcome.code });
  }
  options.post({ kind: 'ephemeralsApplied', side, batch, zxid, failed });
}

async function createCopy(
  action: ApplyEphemeralsAction,
  create: EphemeralCreate,
  { znodes, sessions, signal, clock }: EphemeralApplierOptions,
): Promise<Outcome> {
  const ops: MultiOp[] = [
    { kind: 'check', path: znodes.fence, version: action.fenceVersion },
    { kind: 'setData', path: znodes.mark, data: null, version: -1 },
    { kind: 'create', path: create.path, data: create.data, acl: create.acl, mode: 'ephemeral' },
  ];
  for (;;) {
    signal.throwIfAborted();
    try {
      const client = await sessions.sessionFor(create.originSession);
      const outcome = await client.tryMulti(ops);
      if (outcome.ok) return { zxid: outcome.zxid };
      return await judge(client, create.path, outcome);
    } catch (error) {
      if (!(error instanceof ZooKeeperError)) throw error;
      if (error.code === 'MarshallingError') return { zxid: 0n, code: 'TooLarge' };
      if (!error.retryable) return { zxid: error.zxid ?? 0n, code: sessionCode(error) };
      await sleep(clock, retryMs, signal);
    }
  }
}

const sessionCode = (error: ZooKeeperError) =>
  error.code === 'ClientClosed' ? 'SessionExpired' : error.code;

/** A copy that an earlier attempt, or a predecessor, has made in this very session is what was wanted. */
async function judge(
  client: ZooKeeperClient,
  path: string,
  outcome: Extract<MultiOutcome, { ok: false }>,
): Promise<Outcome> {
  const { zxid, code } = outcome;
  if (code !== 'NodeExists') return { zxid, code };
  const { stat } = await client.exists(path);
  return stat?.ephemeralOwner === client.sessionId ? { zxid } : { zxid, code };
}
