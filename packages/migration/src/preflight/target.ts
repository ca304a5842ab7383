/** Whether the target is what it should be: another ensemble, empty or ours, with clocks that agree. */
import type { ZooKeeperClient } from '@orchestrator/zookeeper';
import { openClient, openObserver, withClient } from '../ensemble/client.ts';
import { isListening } from '../ensemble/four-letter.ts';
import { type CheckResult, fail, ok, warn } from '../phases/check.ts';
import type { Cluster } from '../phases/context.ts';
import type { PreflightContext } from './context.ts';

const ownNodes = new Set(['zookeeper', 'orchestrator-sync']);
const namedNodes = 5;
const skewLimitMs = 500;
const clockTimeoutMs = 10_000;

const isDeployed = (ctx: PreflightContext) => ctx.target.deployer.kind !== 'adopt';

export async function checkTargetEmpty(ctx: PreflightContext): Promise<readonly CheckResult[]> {
  const check = 'target is empty';
  if (isDeployed(ctx)) return checkTargetFree(ctx);
  return withClient(await ctx.target.access(), ctx.clock, async (client) => {
    const marked = await client.exists(`/orchestrator-sync/${ctx.id}`);
    if (marked.stat !== null) return [ok(check, 'it holds what this migration has copied')];
    const { children } = await client.getChildren('/');
    const foreign = children.filter((name) => !ownNodes.has(name));
    if (foreign.length === 0) return [ok(check, 'no nodes')];
    const found = `it holds ${foreign.length} nodes below /: ${foreign
      .slice(0, namedNodes)
      .map((name) => `/${name}`)
      .join(', ')}`;
    return ctx.config.sync.adopt_target
      ? [warn(check, found, 'sync.adopt_target is set: they are kept, and merged where paths meet')]
      : [fail(check, found, 'name an empty ensemble, or set sync.adopt_target to merge into this one')];
  });
}

/** Nothing may answer yet where the target is to be deployed, except servers of a former attempt of this migration. */
async function checkTargetFree(ctx: PreflightContext): Promise<readonly CheckResult[]> {
  const check = 'addresses of the target are free';
  const { deploy } = ctx.config.target;
  const servers = 'servers' in deploy ? (deploy.servers ?? []) : [];
  const taken: string[] = [];
  for (const { host, client_port, quorum_port, election_port } of servers) {
    for (const port of [client_port, quorum_port, election_port])
      if (await isListening({ host, port }, { clock: ctx.clock })) taken.push(`${host}:${port}`);
  }
  if (taken.length === 0) return [ok(check, `${servers.length} servers`)];
  return [
    fail(check, `something listens at ${taken.join(', ')}`, 'choose other ports, or stop what is there'),
  ];
}

/**
 * A session of the source is offered to the target: only the same ensemble knows it. This holds whatever names and
 * addresses the two are reached by, and writes nothing.
 */
export async function checkSameEnsemble(ctx: PreflightContext): Promise<readonly CheckResult[]> {
  const check = 'source and target are different ensembles';
  if (isDeployed(ctx)) return [ok(check, 'the target is deployed anew')];
  const [source, target] = await Promise.all([ctx.source.access(), ctx.target.access()]);
  return withClient(source, ctx.clock, async (client) => {
    const same = await openClient(target, ctx.clock, {
      session: client.session,
      renewSession: false,
      readyTimeoutMs: 5_000,
    }).then(
      async (attached) => {
        const known = attached.sessionId === client.sessionId;
        await attached.close();
        return known;
      },
      () => false,
    );
    return same
      ? [
          fail(
            check,
            'a session of the source is known at the target: they are one ensemble',
            'name another target',
          ),
        ]
      : [ok(check, 'a session of the source is not known at the target')];
  });
}

/** The leader's clock less ours: from the transaction that opens a session of ours. `null` without an observer. */
async function leaderClockOffset(cluster: Cluster, ctx: PreflightContext): Promise<number | null> {
  const access = await cluster.access();
  const observer = await openObserver(access, ctx.clock);
  if (observer === null) return null;
  const timer = ctx.clock.after(clockTimeoutMs, () => observer.close());
  let session: Promise<ZooKeeperClient | undefined> | undefined;
  try {
    for await (const event of observer) {
      if (event.type === 'synced') {
        session ??= openClient(access, ctx.clock).catch(() => {
          observer.close();
          return undefined;
        });
      }
      if (event.type !== 'txns' || session === undefined) continue;
      // Sessions are opened by clients all the time; any of them tells the leader's clock just as well.
      const txn = event.txns.find((candidate) => candidate.ops.some((op) => op.kind === 'createSession'));
      if (txn !== undefined) return txn.timeMs - ctx.clock.nowMs();
    }
    return null;
  } finally {
    timer.cancel();
    // The transaction is seen here before the client knows that its session is open.
    await (await session)?.close();
  }
}

export async function checkClocks(ctx: PreflightContext): Promise<readonly CheckResult[]> {
  const clusters = isDeployed(ctx) ? [ctx.source] : [ctx.source, ctx.target];
  const results: CheckResult[] = [];
  for (const cluster of clusters) {
    const check = `clock of the ${cluster.role}'s leader`;
    const offsetMs = await leaderClockOffset(cluster, ctx);
    if (offsetMs === null)
      results.push(warn(check, 'not known without an observer', 'see to it that NTP runs on every server'));
    else if (Math.abs(offsetMs) > skewLimitMs) {
      const remedy = 'run NTP on every server; last-write-wins decides by these clocks';
      results.push(warn(check, `${Math.round(offsetMs)} ms from this machine's`, remedy));
    } else results.push(ok(check, `${Math.round(offsetMs)} ms from this machine's`));
  }
  return results;
}
