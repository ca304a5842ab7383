/** `cluster up`: finds out what this machine has, plans, and supervises until it is told to stop. */
import { statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { CommandContext } from '../../program/context.ts';
import { CliError } from '../../program/errors.ts';
import { dockerSocketOf, findContainerizers } from './containerizers.ts';
import { type ClusterPlan, planCluster, shareOf } from './plan.ts';
import { freePortsFrom } from './ports.ts';
import { isRunning } from './process-identity.ts';
import { readClusterRecord } from './record.ts';
import { destroyContainersOf, endParts } from './sweep.ts';
import { partFolderOf } from './work-folder.ts';
import { prepareZooKeeper, zooKeeperCommand } from './zookeeper.ts';

export interface UpOptions {
  readonly masters: number;
  readonly agents: number;
  readonly name: string;
  readonly firstPort: number;
  readonly zk?: string;
  readonly containerizers?: string;
  readonly agentResources?: string;
  readonly masterFlag: readonly string[];
  readonly agentFlag: readonly string[];
}

export interface PreparedCluster {
  readonly plan: ClusterPlan;
  readonly containerizers: readonly string[];
  /** What people should know of it. */
  readonly remarks: readonly string[];
}

const agentPortsAfter = 10;
const zooKeeperPort = 2181;
/** As people start it, so that parts are started as they would be without us. */
const program = fileURLToPath(new URL('../../../bin/orchestrator', import.meta.url));

/** @throws CliError `conflict` when one runs there */
export async function clearFolder(folder: string, context: CommandContext): Promise<void> {
  const present = await readClusterRecord(folder);
  if (present === undefined) return;
  if (await isRunning(present.supervisor)) {
    throw new CliError('conflict', `a cluster runs in ${folder} (process ${present.supervisor.pid})`, {
      remedy: 'orchestrator cluster down ends it; --work-dir names another folder',
    });
  }
  context.terminal.say(
    `ending what is left of a cluster whose supervisor died (process ${present.supervisor.pid})`,
  );
  await endParts(present.parts, context.clock);
  await destroyContainersOf(folder, present.parts);
}

/** @throws CliError when this machine lacks something that is asked for */
export async function prepareCluster(
  folder: string,
  options: UpOptions,
  { env, userId }: CommandContext,
): Promise<PreparedCluster> {
  const { masters, agents, zk, firstPort } = options;
  const dockerSocket = dockerSocketOf(env);
  const found = await findContainerizers(userId, dockerSocket);
  const containerizers = options.containerizers?.split(',') ?? found.names;
  const masterPorts = await freePortsFrom(firstPort, masters);
  const agentPorts = await freePortsFrom((masterPorts.at(-1) ?? firstPort) + agentPortsAfter, agents);
  const ownZooKeeper = masters > 1 && zk === undefined;
  const [port = 0] = ownZooKeeper ? await freePortsFrom(zooKeeperPort, 1) : [];
  const zooKeeperFolder = partFolderOf(folder, 'zookeeper');
  const zookeeper = ownZooKeeper ? { port, command: zooKeeperCommand(zooKeeperFolder, env) } : undefined;
  if (ownZooKeeper) await prepareZooKeeper(zooKeeperFolder, port);
  const machine = await readMachine();
  const plan = planCluster({
    ...{ folder, name: options.name, masterPorts, agentPorts, zk, zookeeper, containerizers },
    program: [program],
    masterFlags: options.masterFlag,
    agentFlags: [`--docker_socket=${dockerSocket}`, ...options.agentFlag],
    agentResources: (index) => options.agentResources ?? shareOf(machine, agents, index),
  });
  return { plan, containerizers, remarks: options.containerizers === undefined ? found.remarks : [] };
}

async function readMachine() {
  const { bavail, bsize } = await statfs('/');
  return { cpus: availableParallelism(), memBytes: totalmem(), diskBytes: bavail * bsize };
}
