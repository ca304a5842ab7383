import { master } from '@orchestrator/mesos';
import { sleep } from '@orchestrator/runtime/clock';
import { Command } from 'commander';
import type { CommandContext } from '../../program/context.ts';
import { CliError } from '../../program/errors.ts';
import { examples, type JsonOption, parseCount, withJson } from '../../program/options.ts';
import { type Cluster, openCluster } from '../connection/cluster.ts';
import { readAgents, readTasks } from '../connection/reads.ts';
import { type MasterOptions, withMaster } from '../options.ts';
import { findOne } from '../views/find.ts';
import { isOver } from '../views/tasks.ts';

interface DrainOptions extends MasterOptions, JsonOption {
  readonly grace?: number;
  readonly gone?: boolean;
  readonly wait?: boolean;
  readonly undo?: boolean;
}

export function drainCommand(context: CommandContext): Command {
  return withJson(withMaster(new Command('drain').summary('empties an agent, and keeps it empty')))
    .description(
      'Kills the tasks of an agent, so that their frameworks start them elsewhere, and offers nothing of it any more. ' +
        'It stays so, through restarts, until --undo.',
    )
    .argument('<agent>', 'its id, its host when it has one agent, or the beginning or end of its id')
    .option('--grace <seconds>', 'tasks have at most so long to end, whatever their own grace', parseCount)
    .option('--gone', 'and never to be seen again: once it is empty, it is removed for good')
    .option('--wait', 'returns when nothing runs there any more')
    .option('--undo', 'takes it into use again')
    .addHelpText(
      'after',
      examples(
        ['orchestrator drain S4 --wait', 'before work on its host'],
        ['orchestrator drain S4 --undo', 'after it'],
      ),
    )
    .action((wanted: string, options: DrainOptions) => drain(context, wanted, options));
}

const pollMs = 250;

async function drain(context: CommandContext, wanted: string, options: DrainOptions): Promise<void> {
  const { terminal } = context;
  const { grace, gone = false, undo = false, wait = false } = options;
  if (undo && (gone || grace !== undefined || wait))
    throw new CliError('invalid', '--undo goes with none of the others', { remedy: 'give it alone' });
  await using cluster = await openCluster(context, options);
  const agent = findOne(await readAgents(cluster), wanted, 'agent');
  const agentId = { value: agent.id };
  if (undo) await cluster.tell({ type: master.Call_Type.REACTIVATE_AGENT, reactivateAgent: { agentId } });
  else {
    const maxGracePeriod =
      grace === undefined ? {} : { maxGracePeriod: { seconds: BigInt(grace), nanos: 0 } };
    const drainAgent = { agentId, markGone: gone, ...maxGracePeriod };
    await cluster.tell({ type: master.Call_Type.DRAIN_AGENT, drainAgent });
  }
  if (wait) await awaitEmpty(context, cluster, agent.id);
  const state = undo ? 'active' : wait ? 'empty' : 'draining';
  const result = { agent_id: agent.id, host: agent.name, state };
  terminal.out(
    options.json === true ? JSON.stringify(result) : `agent ${agent.id} (${agent.name}) is ${state}`,
  );
}

/** Until nothing runs there: updates that nobody acknowledges may keep an agent `DRAINING` for as long as they like. */
async function awaitEmpty({ clock, signal }: CommandContext, cluster: Cluster, id: string): Promise<void> {
  for (;;) {
    const [agents, tasks] = await Promise.all([readAgents(cluster), readTasks(cluster, 'live')]);
    const agent = agents.find((each) => each.id === id);
    // With --gone it is removed as soon as it is empty.
    if (agent === undefined || agent.drain === 'DRAINED') return;
    if (tasks.every((task) => task.agent_id !== id || isOver(task))) return;
    await sleep(clock, pollMs, signal);
  }
}
