import type { Clock } from '@orchestrator/runtime';
import type { CoreStatus } from '../core/core.ts';
import type { Scope } from '../core/scope.ts';
import type { LedgerEntry, Progress, VerifyReport } from '../engine-types.ts';
import { SyncError } from '../errors.ts';
import type { EngineSide } from '../side.ts';
import { isExplained, knownDifferences } from './known.ts';
import { compareLive } from './live.ts';
import { compareMirrors } from './mirrors.ts';
import { recheck } from './recheck.ts';
import { createTally } from './tally.ts';

export interface VerifySidesOptions {
  readonly source: EngineSide;
  readonly target: EngineSide;
  readonly scope: Scope;
  /** Default 1,000. */
  readonly limit?: number;
  /** Default `clients`. */
  readonly method?: 'clients' | 'mirrors';
  readonly onProgress?: (progress: Progress) => void;
  /** Paths that are known to differ: held, refused. */
  readonly core: CoreStatus | undefined;
  readonly ledger: readonly LedgerEntry[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const defaultLimit = 1_000;
const progressEveryNodes = 500;

/** Compares the two sides, looks a second time at what differs, and tells apart what is known to. */
export async function verifySides(options: VerifySidesOptions): Promise<VerifyReport> {
  const { source, target, scope, clock, signal, limit = defaultLimit } = options;
  const startedMs = clock.nowMs();
  const startMs = clock.monotonicMs();
  const ignoresKind = (path: string) => scope.isElectionMember(path);
  const tally = createTally({ limit, ignoresKind });
  await compare(options, tally, countNodes(options));
  const clients = { source: source.reader, target: target.reader };
  const onSettled = tally.settle;
  const looked = await recheck(tally.suspects, { ...clients, ignoresKind, onSettled, clock, signal });
  const known = knownDifferences(options.core, options.ledger);
  const unexpected = looked.differences.filter((difference) => !isExplained(difference, known));
  const expected = [
    ...looked.differences.filter((difference) => isExplained(difference, known)),
    ...looked.moving,
    ...tally.counters,
  ];
  return {
    startedMs,
    durationMs: Math.round(clock.monotonicMs() - startMs),
    nodes: { ...tally.nodes },
    checksum: { source: tally.checksum.source.toString(16), target: tally.checksum.target.toString(16) },
    differences: unexpected.slice(0, limit),
    differenceCount: unexpected.length + tally.overflow,
    expected: expected.slice(0, limit),
  };
}

async function compare(
  options: VerifySidesOptions,
  tally: ReturnType<typeof createTally>,
  onNode: () => void,
): Promise<void> {
  const { source, target, scope, signal } = options;
  if (options.method !== 'mirrors') {
    await compareLive({ source: source.reader, target: target.reader, scope, tally, onNode, signal });
    return;
  }
  const mirrors = { source: source.follower.mirror, target: target.follower.mirror };
  if (mirrors.source === undefined || mirrors.target === undefined) {
    throw new SyncError('Stopped', 'there are no mirrors to compare yet');
  }
  await compareMirrors({ source: mirrors.source, target: mirrors.target, scope, tally, onNode, signal });
}

function countNodes({ source, onProgress }: VerifySidesOptions): () => void {
  let done = 0;
  const total = source.follower.mirror?.size ?? null;
  return () => {
    if (++done % progressEveryNodes !== 0) return;
    onProgress?.({
      stage: 'comparing',
      done,
      total: total === null ? null : Math.max(total, done),
      unit: 'znodes',
    });
  };
}
