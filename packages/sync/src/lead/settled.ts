/** When is everything that was committed before the call on the other side? */
import { type Clock, sleep } from '@orchestrator/runtime';
import { ZooKeeperError } from '@orchestrator/zookeeper';
import type { CoreStatus } from '../core/core.ts';
import { isFinal } from '../core/refused.ts';
import type { EngineSide } from '../side.ts';
import type { Sides } from '../side-keeper.ts';

const pollMs = 5;
const retryMs = 100;

export interface SettledOptions {
  readonly sides: () => Sides;
  /** Of the run as the leader, while there is one. */
  readonly status: () => CoreStatus | undefined;
  readonly clock: Clock;
  /** Its reason is what the wait ends with. */
  readonly until: AbortSignal;
}

export async function waitUntilSettled(options: SettledOptions): Promise<void> {
  const { sides, status, clock, until } = options;
  const { source, target } = sides();
  const [sourceZxid, targetZxid] = await Promise.all([
    lastZxid(source, clock, until),
    lastZxid(target, clock, until),
  ]);
  const isSettled = () => {
    const core = status();
    if (core?.state !== 'syncing') return false;
    const { positions } = core;
    return positions.source >= sourceZxid && positions.target >= targetZxid && isIdle(core);
  };
  while (!isSettled()) await sleep(clock, pollMs, until);
  // A leader tells observers of a commit before it shows it to its own clients.
  const after = sides();
  await Promise.all([lastZxid(after.source, clock, until), lastZxid(after.target, clock, until)]);
}

/** Paths that were given up for the moment count as not settled. */
function isIdle({ backlog, blocked }: CoreStatus): boolean {
  return backlog.source === 0 && backlog.target === 0 && blocked.every(({ code }) => isFinal(code));
}

/** The stream has told of everything before the call once it is past this. */
async function lastZxid({ reader }: EngineSide, clock: Clock, until: AbortSignal): Promise<bigint> {
  for (;;) {
    try {
      await reader.connected(until);
      await reader.sync('/');
      return (await reader.exists('/')).zxid;
    } catch (error) {
      until.throwIfAborted();
      if (!(error instanceof ZooKeeperError)) throw error;
      await sleep(clock, retryMs, until);
    }
  }
}
