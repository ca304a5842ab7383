/** Puts an agent together from its flags. */
import { join } from 'node:path';
import {
  createFixedDetector,
  createHostListDetector,
  type Flags,
  type MasterDetector,
  readTls,
  type Tls,
  tlsVariables,
} from '@orchestrator/mesos';
import { systemClock } from '@orchestrator/runtime/clock';
import { runDaemon } from '@orchestrator/runtime/daemon';
import { type Logger, silentLogger } from '@orchestrator/runtime/logger';
import { createLogger } from '@orchestrator/runtime/logging';
import { makeFolder } from '@orchestrator/runtime/make-folder';
import { withAddress } from './address.ts';
import { Agent } from './agent.ts';
import { type AgentConfig, agentConfig } from './config.ts';
import { composeContainerizers } from './container/composing.ts';
import { type Containerizer, createContainerizer } from './container/containerizer.ts';
import { tlsEnvironment } from './container/environment.ts';
import type { Runtime } from './container/runtime.ts';
import { readOwnConfig } from './docker/own-config.ts';
import { DockerRuntime } from './docker/runtime.ts';
import { AgentError, reasonOf } from './errors.ts';
import { flagsWithoutEffect } from './flags.ts';
import { createImageGate } from './image/image-gate.ts';
import { imageToolsMissing } from './image/pull.ts';
import { findApparmorProfile, findOciRuntime } from './native/host-facts.ts';
import { NativeRuntime, nativeMissing } from './native/runtime.ts';
import { ProcessRuntime } from './process/runtime.ts';

/** Containers of the type MESOS with an image are native ones. */
const takesImages = ({ images }: AgentConfig, names: readonly string[]) =>
  images !== undefined && names.includes('native') && imageToolsMissing() === undefined;

const gateOf = ({ imageGate }: AgentConfig) =>
  imageGate === undefined ? undefined : createImageGate(imageGate);

function imageStoreOf({ images, dockerConfig: config }: AgentConfig) {
  if (images === undefined) return undefined;
  const { storePath: path, ...rest } = images;
  return { path, ...rest, readConfig: () => readOwnConfig({ config }) };
}

function nativeRuntime(config: AgentConfig, stateFolder: string, hasImages: boolean): NativeRuntime {
  const { cgroupsRoot, enforceCpuQuota, bandwidth, ociRuntime, rotation } = config;
  const { cniConfigFolder, cniPluginFolders, seccomp } = config;
  return new NativeRuntime({
    images: hasImages ? imageStoreOf(config) : undefined,
    imageGate: gateOf(config),
    ...{
      stateFolder,
      enforceCpuQuota,
      bandwidth,
      seccomp,
      rotation,
      cgroupRoot: `/${cgroupsRoot.replace(/^\/+/, '')}`,
    },
    ...(ociRuntime !== undefined && { runcPath: ociRuntime }),
    cni: {
      ...(cniConfigFolder !== undefined && { configFolder: cniConfigFolder }),
      ...(cniPluginFolders !== undefined && { pluginFolders: cniPluginFolders }),
    },
  });
}

function dockerRuntime(config: AgentConfig, stateFolder: string, leavesMesosImages: boolean): DockerRuntime {
  const { dockerSocket: socketPath, dockerConfig, enforceCpuQuota, bandwidth } = config;
  const { advertisedPort, workDir, rotation } = config;
  return new DockerRuntime({
    ...{ socketPath, stateFolder, enforceCpuQuota, bandwidth, rotation, leavesMesosImages },
    imageGate: gateOf(config),
    // Two agents on one machine differ in this, and the same agent never does.
    agentName: `${workDir}:${advertisedPort}`,
    ...(dockerConfig !== undefined && { config: dockerConfig }),
  });
}

function runtimeOf(name: string, config: AgentConfig, hasImages: boolean): Runtime {
  const stateFolder = join(config.workDir, 'containers', name);
  if (name === 'docker') return dockerRuntime(config, stateFolder, hasImages);
  if (name === 'native') return nativeRuntime(config, stateFolder, hasImages);
  if (name === 'process') return new ProcessRuntime({ stateFolder, rotation: config.rotation });
  throw new AgentError(
    'Config',
    `there is no containerizer "${name}"; there are docker, mesos, native and process`,
  );
}

/** `mesos` is what Mesos calls containers without a daemon: native ones where they can be had, processes otherwise. */
function presentName(name: string, config: AgentConfig, logger: Logger): string {
  const missing = nativeMissing(config.ociRuntime === undefined ? {} : { runcPath: config.ociRuntime });
  if (name === 'native' && missing !== undefined) {
    throw new AgentError('Config', `the native containerizer cannot be had: ${missing}; install it`);
  }
  if (name !== 'mesos') return name;
  if (missing === undefined) return 'native';
  logger.warn('tasks without an image run as plain processes: no limits, no isolation', { missing });
  return 'process';
}

const namesOf = (config: AgentConfig, logger: Logger) => [
  ...new Set(config.containerizers.map((name) => presentName(name, config, logger))),
];

function imagesInUse(names: readonly string[]): string {
  if (!names.includes('native')) return 'none: there are no native containers';
  const missing = imageToolsMissing();
  return missing === undefined ? 'docker' : `none: ${missing}; install it`;
}

/** What containers are really held by, which depends on the machine: for the log, and beside the flags. */
async function isolationOf(config: AgentConfig, names: readonly string[]): Promise<Record<string, string>> {
  const isNative = names.includes('native');
  const profile = isNative ? await findApparmorProfile() : undefined;
  return {
    containerizers_in_use: names.join(','),
    ...(config.images !== undefined && { images_in_use: imagesInUse(names) }),
    ...(isNative && {
      oci_runtime_in_use: config.ociRuntime ?? findOciRuntime() ?? '',
      apparmor_in_use: profile ?? 'none: the kernel has no AppArmor, or no profile for containers',
    }),
  };
}

function containerizerOf(config: AgentConfig, logger: Logger): Containerizer {
  const names = namesOf(config, logger);
  const hasImages = takesImages(config, names);
  return composeContainerizers(
    names.map((name) => createContainerizer(runtimeOf(name, config, hasImages), { logger })),
  );
}

/** One master is believed to lead; of several one is asked. */
function detectorOf(master: string): MasterDetector {
  const masters = master.split(',');
  if (masters.length > 1) return createHostListDetector({ masters });
  const [, host = '', port = ''] = /^(.+):(\d+)$/.exec(master) ?? [];
  if (host === '') throw new AgentError('Config', `master "${master}" is not host:port,…`);
  return createFixedDetector({ host, port: Number(port) });
}

/**
 * Flags of Node.js that keep an agent small. What lives shortly gets 2 MB instead of 16, which costs an agent nothing that
 * can be measured and saves 40 MB after a hundred launches; code that is small rather than fast saves ten more. They cannot
 * be changed once the process runs; `bin/orchestrator` gives them.
 */
export const agentNodeFlags: readonly string[] = ['--max-semi-space-size=2', '--optimize-for-size'];

export interface RunAgentOptions {
  /** By their names in Mesos: `master`, `work_dir`, `resources`, … */
  flags: Flags;
  /** For `LIBPROCESS_SSL_*`; default that of the process. */
  environment?: NodeJS.ProcessEnv;
  /** For `master` flags that name a ZooKeeper ensemble; default: a list of hosts. */
  createDetector?: (master: string) => MasterDetector;
  logger?: Logger;
}

/** Mesos has no flags for it, only variables. */
async function tlsOf(environment: NodeJS.ProcessEnv): Promise<Tls | undefined> {
  try {
    return await readTls(tlsVariables(environment));
  } catch (cause) {
    throw new AgentError('Config', reasonOf(cause), { cause });
  }
}

/** `orchestrator agent`. Resolves to the exit code: see `runDaemon`. */
export async function runAgent(options: RunAgentOptions): Promise<number> {
  const { environment = process.env, createDetector = detectorOf } = options;
  const { logger = createLogger({ name: 'agent' }) } = options;
  const flags = await withAddress(options.flags);
  // How much disk there is to offer is found out there.
  if (flags.work_dir !== undefined) await makeFolder(flags.work_dir);
  const given = agentConfig(flags);
  const tls = await tlsOf(environment);
  const isolation = await isolationOf(given, namesOf(given, silentLogger));
  logger.info('containers', isolation);
  const config = { ...given, flags: { ...given.flags, ...isolation } };
  const ignored = flagsWithoutEffect(flags);
  if (ignored.length > 0) logger.warn('flags without an effect here', { flags: ignored });
  let fail: (error: unknown) => void = () => undefined;
  const agent = new Agent({
    ...{ config, logger, detector: createDetector(config.master) },
    ...(tls && { tls, tlsVariables: tlsEnvironment(environment) }),
    containerizer: containerizerOf(config, logger),
    onFatal: (error) => fail(error),
  });
  return await runDaemon({
    logger,
    components: [
      {
        name: 'agent',
        start(context) {
          fail = context.fail;
          return agent.start();
        },
        stop: () => agent.stop(),
      },
    ],
  });
}

const longestDestructionMs = 600_000;

/**
 * Ends and removes every container that an agent with these flags has made. For one that does not run any more and will
 * not come back: an agent that runs would find its tasks gone. Sandboxes stay. Resolves to how many there were.
 */
export async function destroyContainers({ flags, logger = silentLogger }: RunAgentOptions): Promise<number> {
  const containerizer = containerizerOf(agentConfig(flags), logger);
  // Timers of a containerizer do not keep a process alive, and in that of a command nothing else may.
  const awake = systemClock.after(longestDestructionMs, () => undefined);
  let count = 0;
  try {
    await containerizer.recover(() => {
      count++;
      return false;
    });
  } finally {
    awake.cancel();
    await containerizer.close();
  }
  return count;
}
