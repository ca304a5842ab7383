/** What the API does with containers: those inside others, those beside tasks, and where each of them writes. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@orchestrator/runtime';
import type { ApiPlace } from '../api/place.ts';
import type { Containerizer } from '../container/containerizer.ts';
import type { AgentState } from '../core/records.ts';
import { findContainer } from '../core/turn.ts';
import { AgentError } from '../errors.ts';
import { folderName, taskSandbox } from '../sandbox/layout.ts';
import { NestedContainers } from './nested-containers.ts';
import { StandaloneContainers } from './standalone-containers.ts';

export interface ContainerServicesOptions {
  containerizer: Containerizer;
  workDir: string;
  logger: Logger;
  state: () => AgentState | undefined;
  /** Of an executor, by its container. */
  sandboxOf: (executorContainerId: string) => string | undefined;
}

export type ContainerServices = Pick<
  ApiPlace,
  'nested' | 'standalone' | 'nestedSandbox' | 'removeNestedSandbox' | 'sandboxOfContainer' | 'audit'
>;

export function createContainerServices(options: ContainerServicesOptions): ContainerServices {
  const { containerizer, workDir, logger, state, sandboxOf } = options;
  const nested = new NestedContainers({ containerizer, logger });
  const standalone = new StandaloneContainers({ containerizer, workDir, logger });
  const nestedSandboxes = new Map<string, string>();
  const audit = logger.child({ component: 'audit' });

  function sandboxOfContainer(containerId: string): string | undefined {
    if (standalone.has(containerId)) return standalone.sandboxOf(containerId);
    const current = state();
    const found = current && findContainer(current, containerId);
    const sandbox = found && sandboxOf(found.executor.containerId);
    if (found === undefined || sandbox === undefined) return undefined;
    const isOfGroup = found.executor.kind === 'group' && found.task !== undefined;
    return isOfGroup && found.task ? taskSandbox(sandbox, found.task.task.taskId.value) : sandbox;
  }

  return {
    ...{ nested, standalone, sandboxOfContainer },
    async nestedSandbox(within, id) {
      const around = sandboxOfContainer(within);
      if (around === undefined) {
        throw new AgentError('NoSuchContainer', `container ${within} has no sandbox here`);
      }
      const path = join(around, 'containers', folderName(id.split('.').at(-1) ?? id));
      await mkdir(path, { recursive: true });
      nestedSandboxes.set(id, path);
      return path;
    },
    async removeNestedSandbox(id) {
      const path = nestedSandboxes.get(id);
      nestedSandboxes.delete(id);
      if (path !== undefined) await rm(path, { recursive: true, force: true });
    },
    audit: (action, principal, containerId) => audit.info(action, { principal, containerId }),
  };
}
