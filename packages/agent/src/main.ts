/** Puts an agent together from its flags. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createFixedDetector, createHostListDetector, type MasterDetector } from '@orchestrator/mesos';
import { createLogger, type Logger, runDaemon } from '@orchestrator/runtime';
import { Agent } from './agent.ts';
import { type AgentConfig, agentConfig } from './config.ts';
import { composeContainerizers } from './container/composing.ts';
import { type Containerizer, createContainerizer } from './container/containerizer.ts';
import type { Runtime } from './container/runtime.ts';
import { DockerRuntime } from './docker/runtime.ts';
import { AgentError } from './errors.ts';
import { NativeRuntime } from './native/runtime.ts';
import { ProcessRuntime } from './process/runtime.ts';

function runtimeOf(name: string, workDir: string): Runtime {
  const stateFolder = join(workDir, 'containers', name);
  if (name === 'docker') return new DockerRuntime({ stateFolder });
  if (name === 'native') return new NativeRuntime({ stateFolder });
  if (name === 'process') return new ProcessRuntime({ stateFolder });
  throw new AgentError('Config', `there is no containerizer "${name}"; there are docker, native and process`);
}

function containerizerOf({ containerizers, workDir }: AgentConfig, logger: Logger): Containerizer {
  return composeContainerizers(
    containerizers.map((name) => createContainerizer(runtimeOf(name, workDir), { logger })),
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

export interface RunAgentOptions {
  /** By their names in Mesos: `master`, `work_dir`, `resources`, … */
  flags: Readonly<Record<string, string>>;
  /** For `master` flags that name a ZooKeeper ensemble; default: a list of hosts. */
  createDetector?: (master: string) => MasterDetector;
  logger?: Logger;
}

/** `orchestrator agent`. Resolves to the exit code: see `runDaemon`. */
export async function runAgent(options: RunAgentOptions): Promise<number> {
  const { flags, createDetector = detectorOf, logger = createLogger({ name: 'agent' }) } = options;
  // How much disk there is to offer is found out there.
  if (flags.work_dir !== undefined) await mkdir(flags.work_dir, { recursive: true });
  const config = agentConfig(flags);
  let fail: (error: unknown) => void = () => undefined;
  const agent = new Agent({
    ...{ config, logger, detector: createDetector(config.master) },
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
