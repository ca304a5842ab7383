/** What a local cluster consists of: from options to command lines. Pure. */
import type { PartKind } from './record.ts';
import { logFileOf, partFolderOf } from './work-folder.ts';

export interface PartPlan {
  readonly name: string;
  readonly kind: PartKind;
  readonly address: string;
  readonly folder: string;
  readonly logFile: string;
  /** Program and arguments, and after them the flags. */
  readonly command: readonly string[];
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export interface ClusterPlan {
  readonly masters: readonly string[];
  readonly zk: string | null;
  readonly parts: readonly PartPlan[];
}

export interface PlanOptions {
  readonly folder: string;
  readonly name: string;
  /** One for each. */
  readonly masterPorts: readonly number[];
  readonly agentPorts: readonly number[];
  /** Given when masters find each other there instead of in a ZooKeeper of the cluster's own. */
  readonly zk: string | undefined;
  /** Command and port of a ZooKeeper of the cluster's own; undefined: none is needed. */
  readonly zookeeper: { readonly port: number; readonly command: readonly string[] } | undefined;
  readonly containerizers: readonly string[];
  /** `orchestrator`, as it is started. */
  readonly program: readonly string[];
  readonly masterFlags: readonly string[];
  readonly agentFlags: readonly string[];
  /** Of each agent, by its place; `undefined`: what it detects. */
  readonly agentResources: (index: number) => string;
}

const host = '127.0.0.1';
/** Of ZooKeeper's ticks of half a second: a leader that is gone is missed after this long, and not after ten seconds. */
const sessionTimeout = '4secs';

export function planCluster(options: PlanOptions): ClusterPlan {
  const { folder, zookeeper, masterPorts, agentPorts } = options;
  const zk = options.zk ?? (zookeeper === undefined ? undefined : `zk://${host}:${zookeeper.port}/mesos`);
  const masters = masterPorts.map((port) => `${host}:${port}`);
  const own: PartPlan[] =
    zookeeper === undefined
      ? []
      : [
          part({
            folder,
            name: 'zookeeper',
            kind: 'zookeeper',
            port: zookeeper.port,
            command: zookeeper.command,
            flags: [],
          }),
        ];
  return {
    ...{ masters, zk: zk ?? null },
    parts: [
      ...own,
      ...masterPorts.map((port, index) => planMaster(options, zk, port, `master-${index + 1}`)),
      ...agentPorts.map((port, index) => planAgent(options, zk ?? masters[0] ?? '', port, index)),
    ],
  };
}

interface PartOptions extends Pick<PartPlan, 'name' | 'kind' | 'command' | 'flags'> {
  readonly folder: string;
  readonly port: number;
}

function part({ folder, name, kind, port, command, flags }: PartOptions): PartPlan {
  return {
    ...{ name, kind, command, flags, address: `${host}:${port}`, folder: partFolderOf(folder, name) },
    logFile: logFileOf(folder, name),
    // What is installed on this machine for a real cluster is not to be taken for this one.
    environment: { ORCHESTRATOR_ETC: partFolderOf(folder, name) },
  };
}

function planMaster(options: PlanOptions, zk: string | undefined, port: number, name: string): PartPlan {
  const { folder, program, masterFlags } = options;
  const flags = [
    ...[`--ip=${host}`, `--port=${port}`, `--hostname=${host}`, `--cluster=${options.name}`],
    `--work_dir=${partFolderOf(folder, name)}`,
    // On one machine masters can share a file; whoever leads fences the others by its term.
    `--store=sqlite:${folder}/registry.db`,
    ...(zk === undefined ? [] : [`--zk=${zk}`, `--zk_session_timeout=${sessionTimeout}`]),
    ...masterFlags,
  ];
  return part({ folder, name, kind: 'master', port, command: [...program, 'master'], flags });
}

function planAgent(options: PlanOptions, master: string, port: number, index: number): PartPlan {
  const { folder, program, containerizers, agentFlags, agentResources } = options;
  const name = `agent-${index + 1}`;
  const flags = [
    ...[`--master=${master}`, `--ip=${host}`, `--port=${port}`, '--hostname=localhost'],
    ...[`--work_dir=${partFolderOf(folder, name)}`, `--containerizers=${containerizers.join(',')}`],
    ...[`--attributes=name:${name}`, `--resources=${agentResources(index)}`],
    ...agentFlags,
  ];
  return part({ folder, name, kind: 'agent', port, command: [...program, 'agent'], flags });
}

export interface MachineFacts {
  readonly cpus: number;
  readonly memBytes: number;
  readonly diskBytes: number;
}

const mebibyte = 2 ** 20;
const portsOfAgent = 500;
const firstPort = 31_000;

/** An equal part of the machine for each agent: three quarters of its memory and half of its disk are shared out. */
export function shareOf(machine: MachineFacts, agents: number, index: number): string {
  const cpus = Math.max(1, Math.floor(machine.cpus / agents));
  const mem = Math.floor((0.75 * machine.memBytes) / mebibyte / agents);
  const disk = Math.floor((0.5 * machine.diskBytes) / mebibyte / agents);
  const from = firstPort + index * portsOfAgent;
  return `cpus:${cpus};mem:${mem};disk:${disk};ports:[${from}-${from + portsOfAgent - 1}]`;
}
