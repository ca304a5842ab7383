/** Whether both sides hold the same, and how far apart they are in time. */
import type { SyncEngine, VerifyReport } from '@orchestrator/sync';
import { lagOf } from '../coordinator/alerts.ts';
import { MigrationError } from '../errors.ts';
import { type CheckResult, fail, ok } from './check.ts';
import type { MigrationContext } from './context.ts';
import { unlessAborted } from './unless-aborted.ts';

const namedPaths = 3;

function describeVerify(report: VerifyReport): CheckResult {
  const check = 'zero differences';
  const { nodes, differences, differenceCount, expected } = report;
  const known = expected.length === 0 ? '' : `, ${expected.length} known and explained`;
  if (differenceCount === 0) return ok(check, `${nodes.source} nodes equal on both sides${known}`);
  const named = differences
    .slice(0, namedPaths)
    .map(({ path, fields }) => `${path} (${fields.map((field) => field.field).join(', ')})`)
    .join(', ');
  return fail(
    check,
    `${differenceCount} nodes differ: ${named}`,
    'run zk-migrate verify; repair or resolve conflicts',
  );
}

/** Compares both trees and keeps the result. Differences that repair can mend are mended once. */
export async function verifyBoth(ctx: MigrationContext, engine: SyncEngine): Promise<CheckResult> {
  const onProgress = ctx.progress;
  let report = await unlessAborted(ctx.signal, engine.verify({ onProgress }));
  if (report.differenceCount > 0) {
    await engine.repair(report);
    await settle(ctx, engine);
    report = await unlessAborted(ctx.signal, engine.verify({ onProgress }));
  }
  await ctx.facts.put('verify', report);
  return describeVerify(report);
}

export async function settle(ctx: MigrationContext, engine: SyncEngine): Promise<void> {
  await unlessAborted(ctx.signal, engine.settled(ctx.config.sync.settle_timeout_sec * 1000));
}

/** @throws MigrationError `precondition` when anything differs */
export async function requireEqual(ctx: MigrationContext, engine: SyncEngine): Promise<void> {
  await settle(ctx, engine);
  const result = await verifyBoth(ctx, engine);
  await ctx.recordChecks('both sides are equal', [result]);
  if (result.status === 'fail') {
    throw new MigrationError('precondition', `${result.check}: ${result.found}`, {
      ...(result.remedy === null ? {} : { remedy: result.remedy }),
    });
  }
}

export function checkLag(ctx: MigrationContext, engine: SyncEngine): CheckResult {
  const status = engine.status();
  const lagMs = lagOf(status);
  const limitMs = ctx.config.sync.lag_threshold_ms;
  const check = `lag below ${limitMs} ms`;
  if (status.state !== 'syncing') {
    const why = status.problem === null ? '' : `: ${status.problem}`;
    return fail(check, `synchronisation is ${status.state}${why}`, 'wait, or see the sync status');
  }
  const found = `${lagMs.toFixed(1)} ms`;
  if (lagMs < limitMs) return ok(check, found);
  const polled = status.directions.filter(({ capture }) => capture !== 'observer').map(({ from }) => from);
  return fail(
    check,
    found,
    polled.length === 0
      ? 'wait for the backlog to drain, or look at the load of the target'
      : `changes of the ${polled.join(' and the ')} are looked for over the client port, which takes its time: set quorum_servers ` +
          'there, or a lag that you can live with as sync.lag_threshold_ms',
  );
}

export async function checkConflicts(engine: SyncEngine): Promise<CheckResult> {
  const held = await engine.conflicts.list({ held: true });
  const check = 'no conflict waits for an operator';
  if (held.length === 0) return ok(check, 'none');
  const paths = held.slice(0, namedPaths).map((conflict) => conflict.path);
  return fail(
    check,
    `${held.length} held: ${paths.join(', ')}`,
    'resolve them: zk-migrate conflicts resolve',
  );
}
