/** Whether clients are left on an ensemble, once no engine of ours is connected to it any more. */
import { sleep } from '@orchestrator/runtime';
import { MigrationError } from '../errors.ts';
import { type CheckResult, fail, ok } from './check.ts';
import type { Cluster, MigrationContext } from './context.ts';

const pollMs = 500;
const namedClients = 5;

/** Clients per server at this moment; a server that does not answer fails the check, since nobody knows. */
export async function checkNoClients(cluster: Cluster): Promise<CheckResult> {
  const servers = await cluster.inspect();
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

/**
 * Resolves when there has been no client for the quiet period.
 *
 * @throws MigrationError `precondition` naming those that are left after the period and a grace of 5 s
 */
export async function confirmQuiet(ctx: MigrationContext, cluster: Cluster, quietMs: number): Promise<void> {
  const { clock, signal } = ctx;
  const deadline = clock.monotonicMs() + quietMs + graceMs;
  let quietSince: number | undefined;
  for (;;) {
    signal.throwIfAborted();
    const result = await checkNoClients(cluster);
    const now = clock.monotonicMs();
    quietSince = result.status === 'ok' ? (quietSince ?? now) : undefined;
    if (quietSince !== undefined && now - quietSince >= quietMs) {
      await ctx.recordChecks('clients', [result]);
      return;
    }
    if (now > deadline) {
      await ctx.recordChecks('clients', [result]);
      const { check, found, remedy } = result;
      throw new MigrationError('precondition', `${check}: ${found}`, remedy === null ? {} : { remedy });
    }
    await sleep(clock, pollMs, signal);
  }
}
