import { Command } from 'commander';
import type { CommandContext } from '../../program/context.ts';
import { examples } from '../../program/options.ts';
import { openCluster } from '../connection/cluster.ts';
import { collect, type MasterOptions, withMaster } from '../options.ts';
import { parseEnvironment } from '../tasks/description.ts';
import { execInTask } from '../tasks/exec.ts';
import { locateTask } from '../tasks/locate.ts';

interface ExecCommandOptions extends MasterOptions {
  readonly interactive?: boolean;
  readonly tty?: boolean;
  readonly env: readonly string[];
  readonly user?: string;
}

const defaultShell = ['/bin/sh'];

export function execCommand(context: CommandContext): Command {
  return (
    withMaster(new Command('exec').summary('a further process in the container of a task'))
      .description('Runs a command where the task runs, passes its output on, and ends with its exit code.')
      .argument('<task>', 'its id, its name, or the beginning or end of its id')
      .argument('[words...]', 'program and arguments; default: a shell', defaultShell)
      .option('-i, --interactive', 'with what is typed or piped here as its input')
      .option('-t, --tty', 'with a terminal')
      .option('--env <pair>', 'NAME=value; repeatable', collect, [])
      .option('--user <name>', 'as whom it runs; default: as the task')
      // Everything after the task is for the command.
      .passThroughOptions()
      .addHelpText(
        'after',
        examples(
          ['orchestrator exec -it web.4f1c', 'a shell'],
          ['orchestrator exec web.4f1c ps aux', 'one command'],
          ['orchestrator exec -i db.77aa psql < dump.sql', 'fed from a file'],
        ),
      )
      .action(async (wanted: string, argv: readonly string[], options: ExecCommandOptions) => {
        await using cluster = await openCluster(context, options);
        const { task, agent } = await locateTask(cluster, wanted);
        const { interactive = false, tty = false, user } = options;
        // What is passed through has the "--" in it that others want before a command.
        const own = argv[0] === '--' ? argv.slice(1) : argv;
        const environment = parseEnvironment(options.env);
        const exitCode = await execInTask({
          context,
          agent,
          task,
          argv: own.length === 0 ? defaultShell : own,
          interactive,
          tty,
          environment,
          user,
        });
        context.setExitCode(exitCode);
      })
  );
}
