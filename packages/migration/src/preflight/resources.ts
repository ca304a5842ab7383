/** Numbers, limits and room. */
import { statfs } from 'node:fs/promises';
import { makeFolder } from '@orchestrator/runtime';
import type { ServerReport } from '../ensemble/inspect.ts';
import { type CheckResult, fail, ok, warn } from '../phases/check.ts';
import type { PreflightContext } from './context.ts';

const mebibyte = 1024 * 1024;
/** A seed, its copy per server, and the logs that a new ensemble writes before it purges. */
const copiesOfTheTree = 4;
const leastFreeBytes = 256 * mebibyte;
/** Connections of the engine itself. */
const engineConnections = 8;

const numberOf = (servers: readonly ServerReport[], key: string): number | null => {
  const values = servers.flatMap((server) => server.monitor.get(key) ?? []).map(Number);
  return values.length === 0 ? null : Math.max(...values);
};

export async function checkCounts(ctx: PreflightContext): Promise<readonly CheckResult[]> {
  const servers = await ctx.source.inspect(ctx.signal);
  const nodes = Math.max(0, ...servers.map((server) => server.nodes ?? 0));
  const clients = servers.reduce((sum, server) => sum + (server.connections ?? 0), 0);
  const ephemerals = numberOf(servers, 'zk_ephemerals_count');
  const watches = servers.reduce((sum, server) => sum + Number(server.monitor.get('zk_watch_count') ?? 0), 0);
  const more = ephemerals === null ? '' : `, ${ephemerals} ephemerals, ${watches} watches`;
  return [ok('size of the source', `${nodes} nodes, ${clients} clients${more}`)];
}

/** Each client with ephemerals gets a session of ours on the other side, all from the address of this machine. */
export async function checkClientLimit(ctx: PreflightContext): Promise<readonly CheckResult[]> {
  const source = await ctx.source.inspect(ctx.signal);
  const ephemerals = numberOf(source, 'zk_ephemerals_count') ?? 0;
  const clients = source.reduce((sum, server) => sum + (server.connections ?? 0), 0);
  const wanted = Math.min(ephemerals, clients) + engineConnections;
  const check = 'maxClientCnxns leaves room for the mirror sessions';
  const clusters = ctx.target.deployer.kind === 'adopt' ? [ctx.source, ctx.target] : [ctx.source];
  const results = await Promise.all(
    clusters.map(async (cluster): Promise<CheckResult> => {
      const limits = (await cluster.inspect(ctx.signal))
        .flatMap((server) => server.conf.get('maxClientCnxns') ?? [])
        .map(Number);
      const limit = limits.length === 0 ? null : Math.min(...limits);
      const title = `${check} (${cluster.role})`;
      if (limit === null) return warn(title, 'not known', 'allow conf in 4lw.commands.whitelist');
      if (limit === 0 || limit >= wanted)
        return ok(title, limit === 0 ? 'no limit' : `${limit}, up to ${wanted} needed`);
      return warn(
        title,
        `${limit}, up to ${wanted} needed`,
        `set maxClientCnxns of the ${cluster.role} to 0 or ${wanted * 2}`,
      );
    }),
  );
  return results;
}

export async function checkDisk(ctx: PreflightContext): Promise<readonly CheckResult[]> {
  const treeBytes = numberOf(await ctx.source.inspect(ctx.signal), 'zk_approximate_data_size') ?? 0;
  const wanted = treeBytes * copiesOfTheTree + leastFreeBytes;
  await makeFolder(ctx.folder);
  const { bavail, bsize } = await statfs(ctx.folder);
  const free = bavail * bsize;
  const found = `${Math.floor(free / mebibyte)} MiB free at ${ctx.folder}, about ${Math.ceil(wanted / mebibyte)} MiB needed`;
  const check = 'disk space on this machine';
  return [free >= wanted ? ok(check, found) : fail(check, found, 'make room, or choose another work folder')];
}
