/** Servers, versions and ports. */
import { formatAddress, isListening, parseAddresses } from '../ensemble/four-letter.ts';
import { quorumHealth } from '../ensemble/inspect.ts';
import { type CheckResult, fail, ok, warn } from '../phases/check.ts';
import type { Cluster } from '../phases/context.ts';
import type { PreflightContext } from './context.ts';

/** Health and quorum. One server less than all is a warning: the migration may go on, the next failure is an outage. */
export async function checkServers(
  cluster: Cluster,
  { signal }: PreflightContext,
): Promise<readonly CheckResult[]> {
  const servers = await cluster.inspect(signal);
  const health = quorumHealth(servers);
  const check = `quorum of the ${cluster.role}`;
  if (health.healthy) return [ok(check, health.explanation)];
  const unreachable = servers.filter((server) => server.problem !== null);
  if (unreachable.length === servers.length) {
    const why = unreachable.map((server) => server.problem).join('; ');
    const secured = (await cluster.access()).tls !== undefined;
    const further = secured ? `, and that it is the secure port: ${cluster.role}.tls is set` : '';
    const remedy = `check the addresses in ${cluster.role}.zookeeper and the network${further}`;
    return [fail(check, `no server can be reached: ${why}`, remedy)];
  }
  const silent = servers.filter((server) => server.problem === null && server.mode === null);
  if (silent.length > 0 && health.leader === null) {
    return [
      fail(
        check,
        `no leader: ${health.explanation}`,
        'start more servers, or allow srvr in 4lw.commands.whitelist',
      ),
    ];
  }
  if (health.serving * 2 <= health.total)
    return [fail(check, health.explanation, 'start the missing servers first')];
  return [warn(check, health.explanation, 'start the missing servers: the next one to fail ends the quorum')];
}

const oldestVersion = [3, 4] as const;

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < oldestVersion[0] || (major === oldestVersion[0] && minor < oldestVersion[1]);
}

export async function checkVersions(ctx: PreflightContext): Promise<readonly CheckResult[]> {
  const clusters = ctx.target.deployer.kind === 'adopt' ? [ctx.source, ctx.target] : [ctx.source];
  const results = clusters.map(async (cluster): Promise<CheckResult> => {
    const versions = [
      ...new Set((await cluster.inspect(ctx.signal)).flatMap((server) => server.version ?? [])),
    ];
    const check = `version of the ${cluster.role}`;
    if (versions.length === 0)
      return warn(check, 'not known', 'allow srvr in 4lw.commands.whitelist; 3.4 or later is needed');
    if (versions.some(isTooOld)) return fail(check, versions.join(', '), 'upgrade it to 3.4 or later first');
    if (versions.length > 1)
      return warn(check, versions.join(', '), 'finish the upgrade of the ensemble first');
    return ok(check, versions.join(', '));
  });
  return Promise.all(results);
}

/** Only the leader listens at its quorum port, so one that answers is enough. */
async function checkQuorumPorts(cluster: Cluster, ctx: PreflightContext): Promise<CheckResult> {
  const { quorumServers = [] } = await cluster.access();
  const check = `capture at the ${cluster.role}`;
  const slower =
    'changes are then looked for over the client port, at the cost of load and lag: by persistent watches from 3.6 on, by ' +
    'one-shot watches and regular comparisons before; what a node held between two looks is not seen';
  if (quorumServers.length === 0)
    return warn(check, `no quorum ports are given; ${slower}`, `set ${cluster.role}.quorum_servers`);
  const addresses = quorumServers.flatMap((server) => parseAddresses(server));
  const listening = await Promise.all(addresses.map((address) => isListening(address, { clock: ctx.clock })));
  const open = addresses.filter((_, index) => listening[index]).map(formatAddress);
  if (open.length > 0) return ok(check, `as an observer at ${open.join(', ')}`);
  return warn(
    check,
    `no quorum port can be reached (${quorumServers.join(', ')}); ${slower}`,
    'open the quorum port of each server for this machine',
  );
}

export async function checkCapture(ctx: PreflightContext): Promise<readonly CheckResult[]> {
  const clusters = ctx.target.deployer.kind === 'adopt' ? [ctx.source, ctx.target] : [ctx.source];
  return Promise.all(clusters.map((cluster) => checkQuorumPorts(cluster, ctx)));
}
