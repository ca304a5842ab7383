/** What ends something: a task, a framework. */
import { constants } from 'node:os';
import { master } from '@orchestrator/mesos';
import { Command, InvalidArgumentError } from 'commander';
import type { CommandContext } from '../../program/context.ts';
import { CliError } from '../../program/errors.ts';
import { examples, type JsonOption, withJson } from '../../program/options.ts';
import { openCluster } from '../connection/cluster.ts';
import { readFrameworks, readTasks } from '../connection/reads.ts';
import { type MasterOptions, withMaster } from '../options.ts';
import { killTask } from '../tasks/kill.ts';
import { findOne } from '../views/find.ts';

function parseSignal(text: string): number {
  const name = text.toUpperCase().replace(/^(SIG)?/, 'SIG');
  const number = /^\d+$/.test(text) ? Number(text) : constants.signals[name as NodeJS.Signals];
  if (number === undefined || number < 1 || number > 64) throw new InvalidArgumentError('Expected a signal.');
  return number;
}

interface KillCommandOptions extends MasterOptions, JsonOption {
  readonly signal: number;
}

export function killCommand(context: CommandContext): Command {
  return withJson(withMaster(new Command('kill').summary('ends a task')))
    .description(
      'Ends a task of orchestrator run, and its framework with it; a task of a group gets a signal from its agent. Any other ' +
        'task belongs to its framework, which would only start it again: scale it down there.',
    )
    .argument('<task>', 'its id, its name, or the beginning or end of its id')
    .option('--signal <signal>', 'to a task of a group', parseSignal, constants.signals.SIGTERM)
    .action(async (wanted: string, options: KillCommandOptions) => {
      await using cluster = await openCluster(context, options);
      const result = await killTask({ context, cluster, wanted, signal: options.signal });
      const text =
        result.by === 'agent'
          ? `told the agent to end task ${result.task_id}`
          : `task ${result.task_id} has ended`;
      context.terminal.out(options.json === true ? JSON.stringify(result) : text);
    });
}

interface TeardownOptions extends MasterOptions, JsonOption {
  readonly confirm?: boolean;
}

export function teardownCommand(context: CommandContext): Command {
  return withJson(withMaster(new Command('teardown').summary('ends a framework, and all its tasks')))
    .description(
      'Removes a framework for good: all its tasks are killed, and it cannot come back under its id.',
    )
    .argument('<framework>', 'its id, its name, or the beginning or end of its id')
    .option('--confirm', 'needed while it has tasks')
    .addHelpText('after', examples(['orchestrator teardown spark-4711 --confirm', '']))
    .action((wanted: string, options: TeardownOptions) => teardown(context, wanted, options));
}

async function teardown(context: CommandContext, wanted: string, options: TeardownOptions): Promise<void> {
  await using cluster = await openCluster(context, options);
  const [frameworks, tasks] = await Promise.all([
    readFrameworks(cluster, 'live'),
    readTasks(cluster, 'live'),
  ]);
  const framework = findOne(frameworks, wanted, 'framework');
  const count = tasks.filter(({ framework_id }) => framework_id === framework.id).length;
  if (count > 0 && options.confirm !== true)
    throw new CliError(
      'precondition',
      `framework ${framework.name} (${framework.id}) has ${count} tasks, which would be killed`,
      {
        remedy: 'add --confirm if that is meant',
      },
    );
  await cluster.tell({ type: master.Call_Type.TEARDOWN, teardown: { frameworkId: { value: framework.id } } });
  const result = { framework_id: framework.id, tasks: count };
  const text = `framework ${framework.name} (${framework.id}) has ended, with ${count} tasks`;
  context.terminal.out(options.json === true ? JSON.stringify(result) : text);
}
