import type { Clock } from '@orchestrator/runtime/clock';
import { Command } from 'commander';
import type { CommandContext } from '../../program/context.ts';
import { examples, parseCount } from '../../program/options.ts';
import { type Cluster, openCluster } from '../connection/cluster.ts';
import { readTasks } from '../connection/reads.ts';
import { type MasterOptions, withMaster } from '../options.ts';
import { locateTask } from '../tasks/locate.ts';
import { findFile, followFile, noSuchFile, sandboxPaths, startOfLastLines } from '../tasks/sandbox.ts';
import { isOver } from '../views/tasks.ts';

interface LogsOptions extends MasterOptions {
  readonly follow?: boolean;
  readonly lines?: number;
}

export function logsCommand(context: CommandContext): Command {
  return withMaster(new Command('logs').summary('what a task writes, or any file of its sandbox'))
    .description('Prints a file from the sandbox of a task: its standard output unless another is named.')
    .argument('<task>', 'its id, its name, or the beginning or end of its id')
    .argument('[file]', 'stdout, stderr, or a path within the sandbox', 'stdout')
    .option('-f, --follow', 'and what is added, until the task has ended')
    .option('-n, --lines <count>', 'the last lines only', parseCount)
    .addHelpText(
      'after',
      examples(
        ['orchestrator logs -f web.4f1c', 'what it writes from its start on, and as it comes'],
        ['orchestrator logs -n 20 web.4f1c stderr', 'its last complaints'],
      ),
    )
    .action((task: string, file: string, options: LogsOptions) => logs(context, task, file, options));
}

async function logs(
  context: CommandContext,
  wanted: string,
  file: string,
  options: LogsOptions,
): Promise<void> {
  const { terminal, clock, signal } = context;
  await using cluster = await openCluster(context, options);
  const { task, agent } = await locateTask(cluster, wanted);
  const path = await findFile(agent, sandboxPaths(task, file));
  if (path === undefined) throw noSuchFile(task, file);
  const offset = options.lines === undefined ? 0 : await startOfLastLines(agent, path, options.lines);
  const mayGrow = options.follow === true ? aliveCheck(cluster, task.id, clock) : () => false;
  for await (const data of followFile({ agent, path, offset, mayGrow, clock, signal }))
    terminal.writeBytes(data);
}

/** A list of all tasks is not asked for more often than this, however often somebody wants to know. */
const askEveryMs = 1_000;

function aliveCheck(cluster: Cluster, id: string, clock: Clock): () => Promise<boolean> {
  let alive = true;
  let askedMs = Number.NEGATIVE_INFINITY;
  return async () => {
    const nowMs = clock.monotonicMs();
    if (nowMs - askedMs < askEveryMs) return alive;
    askedMs = nowMs;
    const task = (await readTasks(cluster, 'all')).find((each) => each.id === id);
    alive = task !== undefined && !isOver(task);
    return alive;
  };
}
