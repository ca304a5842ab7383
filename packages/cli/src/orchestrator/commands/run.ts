import { Resources } from '@orchestrator/mesos';
import { Command } from 'commander';
import type { CommandContext } from '../../program/context.ts';
import { CliError } from '../../program/errors.ts';
import { exitCodes } from '../../program/exit-codes.ts';
import { examples, type JsonOption, parseCount, withJson } from '../../program/options.ts';
import { openCluster } from '../connection/cluster.ts';
import { collect, type MasterOptions, withMaster } from '../options.ts';
import { parseEnvironment, type TaskDescription } from '../tasks/description.ts';
import { runTask } from '../tasks/run.ts';

interface RunCommandOptions extends MasterOptions, JsonOption {
  readonly command?: string;
  readonly name?: string;
  readonly resources: string;
  readonly role: string;
  readonly dockerImage?: string;
  readonly network?: string;
  readonly env: readonly string[];
  readonly user?: string;
  readonly killGrace?: number;
  readonly detach?: boolean;
  readonly quiet?: boolean;
}

export function runCommand(context: CommandContext): Command {
  const command = new Command('run')
    .summary('one task, its output here')
    .description(
      'Registers a framework, waits for an offer that fits, launches one task, passes its output on, and ends with its exit ' +
        'code. Ctrl-C kills the task. A change of the leading master is lived through.',
    )
    .argument('[words...]', 'program and arguments, after --; instead of --command')
    .option('--command <text>', 'for a shell')
    .option('--name <name>', 'of the task, and of its framework; default: the first word of the command')
    .option('--resources <text>', 'what it gets', 'cpus:0.1;mem:32')
    .option(
      '--docker-image <image>',
      'on agents with Docker Engine; without a command it does what the image does',
    )
    .option('--network <name>', 'with an image: host, bridge, none, or the name of one', 'host')
    .option('--env <pair>', 'NAME=value; repeatable', collect, [])
    .option('--role <role>', 'whose share it takes', '*')
    .option('--user <name>', 'as whom it runs; default: you')
    .option('--kill-grace <seconds>', 'between SIGTERM and SIGKILL', parseCount)
    .option('--detach', 'returns when it runs; orchestrator kill ends it')
    .option('--quiet', 'nothing but what the task writes');
  return withJson(withMaster(command))
    .addHelpText(
      'after',
      examples(
        ["orchestrator run --command='echo hello; exit 3'", 'ends with 3'],
        ['orchestrator run -- python3 -c "print(1)"', 'without a shell'],
        ['orchestrator run --docker-image=nginx:1.27 --network=bridge --detach', 'leaves it running'],
        ["orchestrator run --resources='cpus:2;mem:4096' --role=batch --command='make'", ''],
      ),
    )
    .action((words: readonly string[], options: RunCommandOptions) => run(context, words, options));
}

async function run(
  context: CommandContext,
  words: readonly string[],
  options: RunCommandOptions,
): Promise<void> {
  const { terminal } = context;
  const description = describe(words, options);
  await using cluster = await openCluster(context, options);
  const { detach = false, json = false, quiet = false } = options;
  const result = await runTask({
    context,
    cluster,
    description,
    detach,
    quiet: quiet || json,
    output: !json,
  });
  if (json) terminal.out(JSON.stringify(result));
  else if (detach && result.exit_code === null) terminal.out(result.task_id);
  else if (!quiet)
    terminal.say(
      terminal.sayStyle.dim(
        `task ${result.task_id}: ${result.state}${result.message === null ? '' : `, ${result.message}`}`,
      ),
    );
  context.setExitCode(context.signal.aborted ? exitCodes.interrupted : (result.exit_code ?? exitCodes.ok));
}

/** @throws CliError `invalid` */
function describe(words: readonly string[], options: RunCommandOptions): TaskDescription {
  const { command, dockerImage } = options;
  if (command !== undefined && words.length > 0)
    throw new CliError('invalid', 'there is a --command, and words after it', { remedy: 'give one of them' });
  if (command === undefined && words.length === 0 && dockerImage === undefined)
    throw new CliError('invalid', 'nothing says what to run', {
      remedy: "give --command='…', a program after --, or --docker-image",
    });
  const [first = 'task'] = (command ?? words[0] ?? dockerImage ?? '').match(/[\w.-]+(?=\s|$|:)/) ?? [];
  return {
    ...{ command, argv: words, dockerImage, role: options.role, user: options.user },
    name: options.name || first,
    resources: parseResources(options.resources),
    network: options.network,
    environment: parseEnvironment(options.env),
    killGraceMs: options.killGrace === undefined ? undefined : options.killGrace * 1_000,
  };
}

function parseResources(text: string): Resources {
  try {
    return Resources.parse(text);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new CliError('invalid', `--resources: ${message}`, { cause, remedy: 'write cpus:1;mem:256' });
  }
}
