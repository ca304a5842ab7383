/** The programs that a cluster is made of. Each reads its flags itself; nothing of one is loaded for another. */
import { Command } from 'commander';
import type { CommandContext } from '../../program/context.ts';
import { CliError } from '../../program/errors.ts';
import { examples } from '../../program/options.ts';
import { version } from '../../program/version.ts';
import { parseMasterAddress } from '../connection/address.ts';
import { openDetector, openDetectorOfDaemon } from '../connection/detector.ts';

/** Everything after the name of the command is for the daemon. */
const daemon = (name: string, summary: string) =>
  new Command(name).summary(summary).argument('[flags...]', 'flags of the daemon').allowUnknownOption();

const etcOf = ({ env }: CommandContext) => {
  const etc = env.ORCHESTRATOR_ETC;
  return etc === undefined || etc === '' ? {} : { etc };
};

export function masterCommand(context: CommandContext): Command {
  return daemon('master', 'a master, with the flags of a Mesos master')
    .description(
      'Runs a master until SIGTERM. Flags are those of Mesos, from the command line, the environment (MESOS_PORT), files of ' +
        'their names in /etc/mesos-master, and /etc/mesos/zk; ORCHESTRATOR_ETC names another folder than /etc. ' +
        '--store takes the place of the replicated log: sqlite:FILE, or etcd://host:2379,… for masters on several machines. ' +
        'LIBPROCESS_SSL_ENABLED and its kind in the environment switch TLS on.',
    )
    .addHelpText(
      'after',
      examples(
        ['orchestrator master --work_dir=/var/lib/mesos', 'a single one, on port 5050'],
        [
          'orchestrator master --zk=zk://a:2181,b:2181/mesos --store=etcd://a:2379,b:2379',
          'one of several; each is started like this',
        ],
      ),
    )
    .action(async (args: readonly string[]) => {
      const { runMaster } = await import('@orchestrator/master');
      context.setExitCode(await runMaster({ args, environment: context.env, ...etcOf(context) }));
    });
}

export function agentCommand(context: CommandContext): Command {
  return daemon('agent', 'an agent, with the flags of a Mesos agent')
    .description(
      'Runs an agent until SIGTERM; its containers go on without it, and are found again at the next start. Flags are those of ' +
        'Mesos, from the command line, the environment (MESOS_WORK_DIR), files of their names in /etc/mesos-agent or ' +
        '/etc/mesos-slave, and /etc/mesos/zk for --master; ORCHESTRATOR_ETC names another folder than /etc. ' +
        'LIBPROCESS_SSL_ENABLED and its kind in the environment switch TLS on: for its port, for the way to masters, and for ' +
        'custom executors, which are told of it.',
    )
    .addHelpText(
      'after',
      examples(
        [
          'orchestrator agent --master=zk://a:2181,b:2181/mesos --work_dir=/var/lib/mesos --containerizers=docker,native',
          '',
        ],
        [
          "orchestrator agent --master=127.0.0.1:5050 --work_dir=/tmp/agent --resources='cpus:2;mem:2048'",
          '',
        ],
      ),
    )
    .action(async (args: readonly string[]) => context.setExitCode(await agent(context, args)));
}

async function agent(context: CommandContext, args: readonly string[]): Promise<number> {
  const { readAgentFlags, runAgent } = await import('@orchestrator/agent');
  try {
    const flags = await readAgentFlags({ args, environment: context.env, ...etcOf(context) });
    if (flags.master === undefined) return await runAgent({ flags });
    const { detector, close } = await openDetectorOfDaemon(flags.master, context.env);
    try {
      return await runAgent({ flags, createDetector: () => detector });
    } finally {
      await close();
    }
  } catch (cause) {
    if (!isConfigProblem(cause)) throw cause;
    throw new CliError('config', cause.message, { cause, remedy: 'see orchestrator agent --help' });
  }
}

const isConfigProblem = (error: unknown): error is Error =>
  error instanceof Error && Reflect.get(error, 'code') === 'Config';

export function monitorCommand(context: CommandContext): Command {
  return daemon('monitor', 'collects what probes see, and shows it')
    .helpOption(false)
    .description('Runs the monitor and its console until SIGTERM. --help after it lists its flags.')
    .action(async (args: readonly string[]) => {
      const { runMonitor } = await import('@orchestrator/monitor');
      const { consoleFolder } = await import('@orchestrator/console');
      const createDetector = async (master: string) => {
        const { detector, candidates, close } = await openDetector(parseMasterAddress(master));
        return {
          ...{ detect: detector.detect.bind(detector), close },
          ...(candidates === undefined ? {} : { candidates }),
        };
      };
      const print = (text: string) => context.terminal.out(text.trimEnd());
      const exitCode = await runMonitor({
        ...{ args, environment: context.env, version, createDetector, consoleFolder, print },
      });
      context.setExitCode(exitCode);
    });
}

export function probeCommand(context: CommandContext): Command {
  return daemon('probe', 'sees what runs on this machine, and tells a monitor')
    .helpOption(false)
    .description('Runs a probe until SIGTERM. --help after it lists its flags.')
    .action(async (args: readonly string[]) => {
      const { runProbe } = await import('@orchestrator/probe/main');
      const print = (text: string) => context.terminal.out(text.trimEnd());
      context.setExitCode(await runProbe({ args, environment: context.env, print }));
    });
}
