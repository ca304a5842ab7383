/** One way to start containers, and what is left to do afterwards. */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import {
  type Containerizer,
  type ContainerSpec,
  createContainerizer,
  DockerRuntime,
  NativeRuntime,
} from '@orchestrator/agent';
import { type DockerEngine, runCommand } from '@orchestrator/testing';

export interface Launcher {
  readonly name: 'docker' | 'native' | 'dockerRun';
  /** Resolves when the command runs. */
  launch(id: string): Promise<void>;
  /** Ends it and removes it. */
  remove(id: string): Promise<void>;
  close(): Promise<void>;
}

const resources = { cpus: 0.1, memBytes: 64 * 2 ** 20 };
const argv = ['sleep', '1000'];

function launcherOf(
  name: 'docker' | 'native',
  containerizer: Containerizer,
  folder: string,
  more: Partial<ContainerSpec>,
): Launcher {
  const command = { shell: false, value: argv[0] ?? '', arguments: name === 'native' ? argv : argv.slice(1) };
  return {
    name,
    launch: async (id) => {
      const sandboxPath = await mkdtemp(join(folder, 'sandbox-'));
      await containerizer.launch({
        containerId: id,
        command,
        environment: {},
        sandboxPath,
        resources,
        ...more,
      });
    },
    remove: (id) => containerizer.destroy(id),
    close: () => containerizer.close(),
  };
}

export function dockerLauncher(engine: DockerEngine, image: string, folder: string): Launcher {
  const runtime = new DockerRuntime({ socketPath: engine.socketPath, stateFolder: join(folder, 'docker') });
  return launcherOf('docker', createContainerizer(runtime), folder, { image: { name: image } });
}

export function nativeLauncher(cgroupRoot: string, rootfs: string, folder: string): Launcher {
  const runtime = new NativeRuntime({ stateFolder: join(folder, 'native'), cgroupRoot });
  return launcherOf('native', createContainerizer(runtime), folder, { linux: { rootfs: { path: rootfs } } });
}

/** What a person types: the same limits, network and volume. */
export function dockerRunLauncher(engine: DockerEngine, image: string, folder: string): Launcher {
  const docker = (...args: string[]) => runCommand('docker', ['--host', engine.dockerHost, ...args]);
  const limits = ['--cpu-shares', '102', '--memory', '64m', '--memory-swap', '64m', '--network', 'host'];
  return {
    name: 'dockerRun',
    launch: async (id) => {
      const sandboxPath = await mkdtemp(join(folder, 'sandbox-'));
      const volume = ['--volume', `${sandboxPath}:/mnt/mesos/sandbox`];
      await docker('run', '--detach', '--name', id, ...limits, ...volume, image, ...argv);
    },
    remove: async (id) => {
      await docker('rm', '--force', '--volumes', id);
    },
    close: () => Promise.resolve(),
  };
}

/** How long one launch takes, in milliseconds. */
export async function timeLaunch(launcher: Launcher, id: string): Promise<number> {
  const startMs = performance.now();
  await launcher.launch(id);
  return performance.now() - startMs;
}
