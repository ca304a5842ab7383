import { master } from '@orchestrator/mesos';
import { Command } from 'commander';
import type { CommandContext } from '../../program/context.ts';
import { examples, type JsonOption, withJson } from '../../program/options.ts';
import { openCluster } from '../connection/cluster.ts';
import { type MasterOptions, withMaster } from '../options.ts';

export function leaderCommand(context: CommandContext): Command {
  return withJson(withMaster(new Command('leader').summary('which master leads')))
    .description('Prints host:port of the leading master; waits while one is being elected.')
    .addHelpText('after', examples(['curl "http://$(orchestrator leader)/state"', 'for scripts']))
    .action(async (options: MasterOptions & JsonOption) => {
      await using cluster = await openCluster(context, options);
      const { getMaster } = await cluster.ask({ type: master.Call_Type.GET_MASTER });
      const info = getMaster?.masterInfo;
      const leader = {
        id: info?.id ?? null,
        host: info?.address?.hostname || info?.hostname || null,
        ip: info?.address?.ip || null,
        port: info?.address?.port ?? info?.port ?? null,
        version: info?.version ?? null,
        elected_ms: getMaster === undefined ? null : Math.round(getMaster.electedTime * 1000),
      };
      const text = `${leader.ip ?? leader.host}:${leader.port}`;
      context.terminal.out(options.json === true ? JSON.stringify(leader) : text);
    });
}
