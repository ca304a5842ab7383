/** Everything that can be known before anything is changed. Each check stands alone: one that cannot be made is a finding too. */
import { failureOf } from '../errors.ts';
import type { CheckResult } from '../phases/check.ts';
import { fail, failures } from '../phases/check.ts';
import type { Cluster } from '../phases/context.ts';
import type { PreflightContext } from './context.ts';
import { checkClientLimit, checkCounts, checkDisk } from './resources.ts';
import { checkCapture, checkServers, checkVersions } from './servers.ts';
import { checkClocks, checkSameEnsemble, checkTargetEmpty } from './target.ts';
import { checkTree } from './tree.ts';

type Check = (ctx: PreflightContext) => Promise<readonly CheckResult[]>;

async function attempt(name: string, check: Check, ctx: PreflightContext): Promise<readonly CheckResult[]> {
  ctx.signal.throwIfAborted();
  try {
    return await check(ctx);
  } catch (error) {
    const { message, remedy } = failureOf(error);
    return [fail(name, message, remedy ?? 'mend the cause and run preflight again')];
  }
}

const isAdopted = (cluster: Cluster) => cluster.deployer.kind === 'adopt';

/** All findings, whatever fails; a target that is still to be deployed is checked as far as there is something to check. */
export async function runPreflight(ctx: PreflightContext): Promise<readonly CheckResult[]> {
  const reachable: [string, Check][] = [
    ['servers of the source', (c) => checkServers(c.source, c)],
    ...(isAdopted(ctx.target)
      ? ([['servers of the target', (c) => checkServers(c.target, c)]] as [string, Check][])
      : []),
  ];
  const first: CheckResult[] = [];
  for (const [name, check] of reachable) first.push(...(await attempt(name, check, ctx)));
  // What follows needs sessions on both; without servers it would only repeat the same finding in other words.
  if (failures(first).length > 0) return first;
  const rest: [string, Check][] = [
    ['versions', checkVersions],
    ['capture', checkCapture],
    ['tree of the source', checkTree],
    ['counts', checkCounts],
    ['client limits', checkClientLimit],
    ['disk space', checkDisk],
    ['clocks', checkClocks],
    ['target', checkTargetEmpty],
    ['different ensembles', checkSameEnsemble],
  ];
  for (const [name, check] of rest) first.push(...(await attempt(name, check, ctx)));
  return first;
}
