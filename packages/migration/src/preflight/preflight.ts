/** Everything that can be known before anything is changed. Each check stands alone: one that cannot be made is a finding too. */
import { failureOf } from '../errors.ts';
import type { CheckResult } from '../phases/check.ts';
import { fail, failures } from '../phases/check.ts';
import type { Cluster } from '../phases/context.ts';
import { unlessAborted } from '../phases/unless-aborted.ts';
import type { PreflightContext } from './context.ts';
import { checkClientLimit, checkCounts, checkDisk } from './resources.ts';
import { checkAlerts, checkArchive, checkCredentials, checkSession } from './secrets.ts';
import { checkCapture, checkServers, checkVersions } from './servers.ts';
import { checkClocks, checkSameEnsemble, checkTargetEmpty } from './target.ts';
import { checkTree } from './tree.ts';

type Check = (ctx: PreflightContext) => Promise<readonly CheckResult[]>;
type NamedCheck = readonly [string, Check];

async function attempt(name: string, check: Check, ctx: PreflightContext): Promise<readonly CheckResult[]> {
  ctx.signal.throwIfAborted();
  try {
    return await unlessAborted(ctx.signal, check(ctx));
  } catch (error) {
    ctx.signal.throwIfAborted();
    const { message, remedy } = failureOf(error);
    return [fail(name, message, remedy ?? 'mend the cause and run preflight again')];
  }
}

const isAdopted = (cluster: Cluster) => cluster.deployer.kind === 'adopt';

/** In stages: where one fails, the next would only repeat its finding in other words, after long waits for sessions. */
function stagesFor(ctx: PreflightContext): readonly (readonly NamedCheck[])[] {
  const clusters = isAdopted(ctx.target) ? [ctx.source, ctx.target] : [ctx.source];
  const onEach = (what: string, check: (cluster: Cluster, c: PreflightContext) => ReturnType<Check>) =>
    clusters.map((cluster): NamedCheck => [`${what} the ${cluster.role}`, (c) => check(cluster, c)]);
  return [
    onEach('credentials for', checkCredentials),
    onEach('servers of', checkServers),
    [['versions', checkVersions]],
    onEach('credentials for', checkSession),
    [
      ['capture', checkCapture],
      ['tree of the source', checkTree],
      ['counts', checkCounts],
      ['client limits', checkClientLimit],
      ['disk space', checkDisk],
      ['archive of the source', checkArchive],
      ['alert channels', checkAlerts],
      ['clocks', checkClocks],
      ['target', checkTargetEmpty],
      ['different ensembles', checkSameEnsemble],
    ],
  ];
}

/** Each stage's findings, whatever fails; a target that is still to be deployed is checked as far as there is something to check. */
export async function runPreflight(ctx: PreflightContext): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const stage of stagesFor(ctx)) {
    for (const [name, check] of stage) results.push(...(await attempt(name, check, ctx)));
    if (failures(results).length > 0) break;
  }
  return results;
}
