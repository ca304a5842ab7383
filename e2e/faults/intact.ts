/** What must hold after every fault. */
import { waitFor } from '@orchestrator/testing';
import { expect } from 'vitest';
import { findLost } from '../../packages/sync/test/workload.ts';
import type { EngineProcess } from './engine.ts';
import type { Load, Stage } from './stage.ts';

export const settleTimeoutMs = 60_000;

export interface IntactOptions {
  readonly stage: Stage;
  readonly engine: EngineProcess;
  readonly load: Load;
  /** Copies may have been lost and made again, where the fault outlasted the mirror sessions. Default false. */
  readonly copiesMayReturn?: boolean;
}

/**
 * The invariants of every fault: no acknowledged write is lost on either side, no ephemeral was removed while its owner
 * lived, every copy goes with its owner, and both trees are equal.
 */
export async function expectIntact({ stage, engine, load, copiesMayReturn }: IntactOptions): Promise<void> {
  const { a, b } = stage;
  await Promise.all(load.workloads.map((workload) => workload.stop()));
  await engine.settled(settleTimeoutMs);
  for (const workload of load.workloads) {
    expect(workload.acknowledged).toBeGreaterThan(100);
    expect(await findLost(a, workload)).toEqual([]);
    expect(await findLost(b, workload)).toEqual([]);
  }
  for (const holder of load.holders) {
    expect(await (copiesMayReturn === true ? holder.lasting() : holder.damage())).toEqual([]);
    await holder.release();
  }
  for (const holder of load.holders) {
    const isGone = async () => !(await holder.copyIsThere());
    await waitFor(isGone, { what: `the copy of ${holder.path} to go with its owner` });
  }
  await engine.settled(settleTimeoutMs);
  expect((await engine.verify()).differences).toEqual([]);
  expect((await engine.status()).conflicts.total).toBe(0);
}
