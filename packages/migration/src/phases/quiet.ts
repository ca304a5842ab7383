/** Whether clients are left on an ensemble, once no engine of ours is connected to it any more. */
import { sleep } from '@orchestrator/runtime';
import { awaitSessionsGone } from '../ensemble/sessions.ts';
import { MigrationError } from '../errors.ts';
import { type CheckResult, describeFailures, fail, failures, ok, warn } from './check.ts';
import type { Cluster, MigrationContext } from './context.ts';

const pollMs = 500;
const namedClients = 5;

/** Clients per server at this moment; a server that does not answer fails the check, since nobody knows. */
async function checkNoClients(cluster: Cluster, signal: AbortSignal): Promise<CheckResult> {
  const servers = await cluster.inspect(signal);
  const check = `no clients on the ${cluster.role}`;
  const unknown = servers.filter((server) => server.connections === null);
  if (unknown.length > 0) {
    const which = unknown.map((server) => `${server.address} (${server.problem ?? 'srvr is not allowed'})`);
    return fail(
      check,
      `the clients of ${which.join(', ')} cannot be counted`,
      'allow srvr in 4lw.commands.whitelist',
    );
  }
  const busy = servers.filter((server) => (server.connections ?? 0) > 0);
  if (busy.length === 0) return ok(check, `none on ${servers.length} servers`);
  const counts = busy.map((server) => `${server.address}: ${server.connections}`).join(', ');
  const clients = busy.flatMap((server) => server.clients);
  const named = clients.length === 0 ? '' : `, from ${clients.slice(0, namedClients).join(', ')}`;
  const other = cluster.role === 'source' ? 'target' : 'source';
  return fail(check, `connections left (${counts})${named}`, `move these clients to the ${other}`);
}

/** Connections that are just being closed, ours among them, are listed a moment longer. */
const graceMs = 5_000;

const namedSessions = 5;

/** A client that is cut off for a moment has a session and no connection; it would come back to a server that is gone. */
async function checkNoSessions(ctx: MigrationContext, cluster: Cluster): Promise<CheckResult> {
  const check = `no sessions on the ${cluster.role}`;
  const own = await ctx.sync.ownSessions(cluster.role);
  const found = await awaitSessionsGone(await cluster.access(), own, ctx.clock, ctx.signal);
  if (found === null) {
    const remedy = `set ${cluster.role}.quorum_servers to have sessions counted, not only connections`;
    return warn(check, 'not known without an observer; there are no connections', remedy);
  }
  const ours = found.own === 0 ? '' : ` (${found.own} of our own)`;
  if (found.left.length === 0) return ok(check, `none${ours}`);
  const named = found.left.slice(0, namedSessions).join(', ');
  return fail(
    check,
    `${found.left.length} without a connection: ${named}${ours}`,
    'see to it that these clients have moved',
  );
}

async function finishQuiet(ctx: MigrationContext, results: readonly CheckResult[]): Promise<void> {
  await ctx.recordChecks('clients', results);
  if (failures(results).length === 0) return;
  const { message, remedy } = describeFailures(results);
  throw new MigrationError('precondition', message, { remedy });
}

/**
 * Resolves when there has been no connection for the quiet period, and no session but our own is left.
 *
 * @throws MigrationError `precondition` naming those that are left: connections after the period and a grace of 5 s,
 *   sessions after the longest of their timeouts
 */
export async function confirmQuiet(ctx: MigrationContext, cluster: Cluster, quietMs: number): Promise<void> {
  const { clock, signal } = ctx;
  const deadline = clock.monotonicMs() + quietMs + graceMs;
  let quietSince: number | undefined;
  for (;;) {
    signal.throwIfAborted();
    const result = await checkNoClients(cluster, signal);
    const now = clock.monotonicMs();
    quietSince = result.status === 'ok' ? (quietSince ?? now) : undefined;
    if (quietSince !== undefined && now - quietSince >= quietMs)
      return finishQuiet(ctx, [result, await checkNoSessions(ctx, cluster)]);
    if (now > deadline) return finishQuiet(ctx, [result]);
    await sleep(clock, pollMs, signal);
  }
}
