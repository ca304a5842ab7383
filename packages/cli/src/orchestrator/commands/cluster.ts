/** A whole cluster on this machine: `cluster up`, `cluster status`, `cluster down`. */
import { Command } from 'commander';
import type { CommandContext } from '../../program/context.ts';
import { CliError } from '../../program/errors.ts';
import { exitCodes } from '../../program/exit-codes.ts';
import { examples, type JsonOption, parseCount, withJson } from '../../program/options.ts';
import { readClusterRecord } from '../cluster/record.ts';
import { readClusterStatus } from '../cluster/status.ts';
import type { UpOptions } from '../cluster/up.ts';
import { clusterFolderOf } from '../cluster/work-folder.ts';
import { clusterFolderOption, collect } from '../options.ts';
import { renderCluster } from '../render/cluster.ts';

interface FolderOptions extends JsonOption {
  readonly workDir?: string;
}

interface ClusterUpOptions extends FolderOptions, UpOptions {
  readonly detach?: boolean;
  readonly keep?: boolean;
}

export function clusterCommand(context: CommandContext): Command {
  return new Command('cluster')
    .summary('a whole cluster on this machine: up, status, down')
    .description(
      'Runs masters, agents and what they need on this machine, to try things out, to develop frameworks, and in tests. ' +
        'All of it listens on loopback only.',
    )
    .addCommand(upCommand(context))
    .addCommand(statusCommand(context))
    .addCommand(downCommand(context));
}

function upCommand(context: CommandContext): Command {
  const command = new Command('up')
    .summary('starts it, and ends it with Ctrl-C')
    .description(
      'Starts masters and agents, waits until a master leads and all agents are registered, and stays. What ends is started ' +
        'again; Ctrl-C (or cluster down, from elsewhere) ends everything, containers included, and removes its state. ' +
        'A single master needs nothing else. Several elect a leader in ZooKeeper: one is started from what is installed ' +
        '(Debian: zookeeper, default-jre-headless; or ZOOKEEPER_HOME), unless --zk names one. ' +
        'Containers run on Docker Engine where it answers (DOCKER_HOST=unix://…, or its usual socket), and with runc and conmon for root; else tasks are plain processes.',
    )
    .option('--masters <count>', 'how many', parseCount, 1)
    .option('--agents <count>', 'how many', parseCount, 1)
    .option('--name <name>', 'of the cluster', 'local')
    .option(
      '--first-port <port>',
      'masters listen from here on, agents ten further; taken ports are skipped',
      parseCount,
      5050,
    )
    .option('--zk <url>', 'a ZooKeeper that is there: zk://host:port,…/path')
    .option(
      '--containerizers <names>',
      'docker, native, process, in the order of preference; default: what this machine has',
    )
    .option('--agent-resources <text>', 'of each agent; default: an equal part of the machine')
    .option(
      '--master-flag <flag>',
      'a further flag of each master: --master-flag=--offer_timeout=30secs; repeatable',
      collect,
      [],
    )
    .option('--agent-flag <flag>', 'a further flag of each agent; repeatable', collect, [])
    .option('--detach', 'returns when it is ready, and leaves it running')
    .option('--keep', 'leaves registry, sandboxes and logs when it ends')
    .addOption(clusterFolderOption());
  return withJson(command)
    .addHelpText(
      'after',
      examples(
        ['orchestrator cluster up --masters 3 --agents 2', 'survives the loss of any master'],
        ['orchestrator cluster up --detach', 'one of each, in the background'],
        ["orchestrator run --command='echo hello'", 'commands find the cluster by themselves'],
        ['orchestrator cluster down', 'leaves nothing behind'],
      ),
    )
    .action((options: ClusterUpOptions) => up(context, options));
}

const folderOf = ({ env, userId }: CommandContext, { workDir }: FolderOptions) =>
  clusterFolderOf(workDir, env, userId);

async function up(context: CommandContext, options: ClusterUpOptions): Promise<void> {
  const folder = folderOf(context, options);
  if (options.detach === true) {
    const { startDetached } = await import('../cluster/detached.ts');
    await startDetached(folder, context);
    return await showStatus(context, folder, options);
  }
  const { superviseCluster } = await import('../cluster/supervise.ts');
  const show = () => showStatus(context, folder, options);
  await superviseCluster({ folder, options, keep: options.keep === true, context, onReady: show });
}

async function showStatus(context: CommandContext, folder: string, { json }: JsonOption): Promise<void> {
  const { terminal, clock } = context;
  const status = await statusIn(folder);
  terminal.out(json === true ? JSON.stringify(status) : renderCluster(status, terminal.style, clock.nowMs()));
  if (!status.healthy) context.setExitCode(exitCodes.checkFailed);
}

async function statusIn(folder: string) {
  const record = await readClusterRecord(folder);
  if (record !== undefined) return await readClusterStatus(folder, record);
  throw new CliError('not-found', `no cluster runs in ${folder}`, {
    remedy: 'orchestrator cluster up starts one; --work-dir names another folder',
  });
}

function statusCommand(context: CommandContext): Command {
  const command = new Command('status')
    .summary('what runs, and who leads')
    .description('Shows the parts of the cluster; ends with 3 when one of them does not run or answer.')
    .addOption(clusterFolderOption());
  return withJson(command).action((options: FolderOptions) =>
    showStatus(context, folderOf(context, options), options),
  );
}

function downCommand(context: CommandContext): Command {
  const command = new Command('down')
    .summary('ends it, and leaves nothing behind')
    .description(
      'Ends the cluster of cluster up: processes, containers, state. Also when its supervisor was killed: what it has left is found by its records.',
    )
    .option('--keep', 'leaves registry, sandboxes and logs, when its supervisor does not run any more')
    .addOption(clusterFolderOption());
  return withJson(command).action(async (options: FolderOptions & { readonly keep?: boolean }) => {
    const { takeDown } = await import('../cluster/down.ts');
    const folder = folderOf(context, options);
    const ended = await takeDown({ folder, keep: options.keep === true, clock: context.clock });
    const text = `the cluster in ${folder} has ended`;
    context.terminal.out(options.json === true ? JSON.stringify(ended) : text);
  });
}
