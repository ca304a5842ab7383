/** Who gets how much: quota and weights. */
import { master } from '@orchestrator/mesos';
import { Command } from 'commander';
import type { CommandContext } from '../../program/context.ts';
import { CliError } from '../../program/errors.ts';
import { examples, type JsonOption, withJson } from '../../program/options.ts';
import { type Cluster, openCluster } from '../connection/cluster.ts';
import { readRoles } from '../connection/reads.ts';
import { type MasterOptions, withMaster } from '../options.ts';
import { renderRoles } from '../render/roles.ts';

interface QuotaOptions extends MasterOptions, JsonOption {
  readonly guarantee?: string;
  readonly limit?: string;
  readonly force?: boolean;
  readonly remove?: boolean;
}

async function showRoles(
  { terminal }: CommandContext,
  cluster: Cluster,
  json: boolean | undefined,
  role?: string,
) {
  const roles = (await readRoles(cluster)).filter(({ name }) => role === undefined || name === role);
  terminal.out(json === true ? JSON.stringify(roles) : renderRoles(roles, terminal.style));
}

/** `cpus:4;mem:8192` as amounts. @throws CliError `invalid` */
export function parseAmounts(text: string, what: string): Record<string, { value: number }> {
  const entries = text.split(';').map((part): [string, { value: number }] => {
    const [, name = '', amount = ''] = /^\s*([\w./-]+)\s*:\s*(\d+(?:\.\d+)?)\s*$/.exec(part) ?? [];
    if (name !== '') return [name, { value: Number(amount) }];
    throw new CliError('invalid', `${what} "${part}" is not name:amount`, {
      remedy: 'write cpus:4;mem:8192',
    });
  });
  return Object.fromEntries(entries);
}

export function quotaCommand(context: CommandContext): Command {
  return withJson(
    withMaster(new Command('quota').summary('what a role is guaranteed, and what it cannot exceed')),
  )
    .description(
      'Without options it shows the quotas. A guarantee is kept free for a role even while it has no use for it; a limit is ' +
        'never exceeded. What is given takes the place of both.',
    )
    .argument('[role]', 'which role')
    .option('--guarantee <amounts>', 'cpus:4;mem:8192')
    .option('--limit <amounts>', 'cpus:8;mem:16384')
    .option('--force', 'also when the cluster has not as much as is guaranteed')
    .option('--remove', 'no guarantee and no limit any more')
    .addHelpText(
      'after',
      examples(
        ['orchestrator quota', 'all of them'],
        ["orchestrator quota web --guarantee='cpus:4;mem:8192' --limit='cpus:16'", ''],
        ['orchestrator quota web --remove', ''],
      ),
    )
    .action((role: string | undefined, options: QuotaOptions) => quota(context, role, options));
}

async function quota(
  context: CommandContext,
  role: string | undefined,
  options: QuotaOptions,
): Promise<void> {
  const { guarantee, limit, force = false, remove = false } = options;
  const changes = guarantee !== undefined || limit !== undefined || remove;
  if (changes && role === undefined)
    throw new CliError('invalid', 'no role is named', { remedy: 'write orchestrator quota ROLE …' });
  if (remove && (guarantee !== undefined || limit !== undefined))
    throw new CliError('invalid', '--remove goes with neither --guarantee nor --limit', {
      remedy: 'give one',
    });
  await using cluster = await openCluster(context, options);
  if (changes && role !== undefined) {
    const config = {
      role,
      guarantees: guarantee === undefined ? {} : parseAmounts(guarantee, '--guarantee'),
      limits: limit === undefined ? {} : parseAmounts(limit, '--limit'),
    };
    await cluster.tell({
      type: master.Call_Type.UPDATE_QUOTA,
      updateQuota: { force, quotaConfigs: [config] },
    });
  }
  await showRoles(context, cluster, options.json, role);
}

export function weightsCommand(context: CommandContext): Command {
  return withJson(withMaster(new Command('weights').summary("a role's share against that of its siblings")))
    .description('Without arguments it shows the weights. A role of weight 2 gets twice as much as one of 1.')
    .argument('[pairs...]', 'ROLE=WEIGHT')
    .addHelpText(
      'after',
      examples(['orchestrator weights', 'all of them'], ['orchestrator weights web=2 batch=0.5', '']),
    )
    .action(async (pairs: readonly string[], options: MasterOptions & JsonOption) => {
      const weightInfos = pairs.map(parseWeight);
      await using cluster = await openCluster(context, options);
      if (weightInfos.length > 0)
        await cluster.tell({ type: master.Call_Type.UPDATE_WEIGHTS, updateWeights: { weightInfos } });
      await showRoles(context, cluster, options.json);
    });
}

function parseWeight(pair: string): { role: string; weight: number } {
  const at = pair.lastIndexOf('=');
  const weight = Number(pair.slice(at + 1));
  if (at > 0 && weight > 0) return { role: pair.slice(0, at), weight };
  throw new CliError('invalid', `"${pair}" is not ROLE=WEIGHT`, {
    remedy: 'write web=2; weights are above 0',
  });
}
