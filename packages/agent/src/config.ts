/** What an agent is told at its start, under the names of Mesos' flags. */
import { statfsSync } from 'node:fs';
import { availableParallelism, hostname as hostnameOfMachine, totalmem } from 'node:os';
import {
  AgentInfoSchema,
  type AgentInfoValid,
  AttributeSchema,
  type AttributeValid,
  makeMessage,
  parseDuration,
  Resources,
  Value_Type,
} from '@orchestrator/mesos';
import type { ReconfigurationPolicy } from './checkpoint/reconfiguration.ts';
import type { CoreOptions } from './core/records.ts';
import { AgentError } from './errors.ts';

type CoreTimes = Pick<
  CoreOptions,
  | 'registrationBackoffMs'
  | 'executorRegistrationTimeoutMs'
  | 'executorReregistrationTimeoutMs'
  | 'executorShutdownGraceMs'
>;

export interface AgentConfig {
  /** Where masters and executors reach it; loopback or an address of this machine. */
  ip: string;
  port: number;
  hostname: string;
  workDir: string;
  resources: Resources;
  attributes: readonly AttributeValid[];
  reconfigurationPolicy: ReconfigurationPolicy;
  /** Tasks run as the users that they ask for. */
  switchUser: boolean;
  /** How old a sandbox that nobody uses may become. */
  gcDelayMs: number;
  core: Partial<CoreTimes>;
  /** `docker`, `native`, `process`, in the order of preference. */
  containerizers: readonly string[];
  /** `host:port,…` or an URL of ZooKeeper. */
  master: string;
  /** As `/flags` shows them. */
  flags: Readonly<Record<string, string>>;
}

const defaults = {
  ...{ ip: '127.0.0.1', port: '5051', containerizers: 'process', attributes: '' },
  ...{ reconfiguration_policy: 'equal', switch_user: 'true', gc_delay: '1weeks' },
  ...{ registration_backoff_factor: '1secs', executor_registration_timeout: '1mins' },
  ...{ executor_reregistration_timeout: '2secs', executor_shutdown_grace_period: '5secs' },
} as const;

/** Without a default: `master` and `work_dir` have to be given, the others are found out. */
export const agentFlagNames: readonly string[] = [
  ...Object.keys(defaults),
  ...['master', 'work_dir', 'hostname', 'resources'],
];

function attributesOf(text: string): AttributeValid[] {
  const parts = text.split(';').filter((part) => part.trim() !== '');
  return parts.map((part) => {
    const [name = '', ...rest] = part.split(':');
    const value = rest.join(':').trim();
    if (name.trim() === '' || value === '')
      throw new AgentError('Config', `attribute "${part}" is not name:value`);
    const scalar = Number(value);
    return makeMessage(
      AttributeSchema,
      Number.isFinite(scalar)
        ? { name: name.trim(), type: Value_Type.SCALAR, scalar: { value: scalar } }
        : { name: name.trim(), type: Value_Type.TEXT, text: { value } },
    );
  });
}

const mebibyte = 2 ** 20;

/** All but what the machine itself needs: a gibibyte of memory and five of disk, or half of it where there is less. */
function detectedResources(workDir: string): string {
  const memMb = Math.floor(totalmem() / mebibyte);
  const { blocks, bsize } = statfsSync(workDir);
  const diskMb = Math.floor((blocks * bsize) / mebibyte);
  const left = (total: number, kept: number) => (total > 2 * kept ? total - kept : Math.floor(total / 2));
  return `cpus:${availableParallelism()};mem:${left(memMb, 1024)};disk:${left(diskMb, 5120)};ports:[31000-32000]`;
}

function withDetected(given: string | undefined, workDir: string): Resources {
  const detected = Resources.parse(detectedResources(workDir));
  const wanted = given === undefined ? Resources.none : Resources.parse(given);
  const names = new Set([...wanted].map(({ kind }) => kind.name));
  return wanted.plus(detected.filter(({ name }) => !names.has(name)));
}

/** @throws AgentError `Config` */
export function agentConfig(given: Readonly<Record<string, string>>): AgentConfig {
  const unknown = Object.keys(given).find((name) => !agentFlagNames.includes(name));
  if (unknown !== undefined) {
    throw new AgentError('Config', `an agent has no flag "${unknown}"; it has ${agentFlagNames.join(', ')}`);
  }
  const { master, work_dir: workDir } = given;
  if (master === undefined || workDir === undefined) {
    throw new AgentError('Config', 'an agent needs --master and --work_dir');
  }
  const flags = { ...defaults, hostname: hostnameOfMachine(), ...given };
  const policy: string = flags.reconfiguration_policy;
  if (policy !== 'equal' && policy !== 'additive') {
    throw new AgentError('Config', `reconfiguration_policy is ${policy}; write equal or additive`);
  }
  const port = Number(flags.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new AgentError('Config', `port ${flags.port} is none; write 1 to 65535`);
  }
  const ms = (name: keyof typeof defaults) => parseDuration(flags[name]);
  return {
    ...{ ip: flags.ip, port, hostname: flags.hostname, workDir, master },
    resources: withDetected(given.resources, workDir),
    attributes: attributesOf(flags.attributes),
    reconfigurationPolicy: policy,
    switchUser: String(flags.switch_user) !== 'false',
    gcDelayMs: ms('gc_delay'),
    core: {
      registrationBackoffMs: ms('registration_backoff_factor'),
      executorRegistrationTimeoutMs: ms('executor_registration_timeout'),
      executorReregistrationTimeoutMs: ms('executor_reregistration_timeout'),
      executorShutdownGraceMs: ms('executor_shutdown_grace_period'),
    },
    containerizers: flags.containerizers.split(',').map((name) => name.trim()),
    flags,
  };
}

/** What the agent is, as masters see it; without the id that one of them gives. */
export function agentInfoOf({ hostname, port, resources, attributes }: AgentConfig): AgentInfoValid {
  const init = { hostname, port, resources: resources.toMessages(), attributes: [...attributes] };
  return makeMessage(AgentInfoSchema, init);
}
