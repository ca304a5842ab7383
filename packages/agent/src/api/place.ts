/** What the API needs of the agent. */
import type { ServerResponse } from 'node:http';
import type { BodyFormat } from '@orchestrator/mesos';
import type { Logger } from '@orchestrator/runtime';
import type { Clock } from '@orchestrator/runtime/clock';
import type { AgentConfig } from '../config.ts';
import type { Containerizer } from '../container/containerizer.ts';
import type { AgentEvent } from '../core/events.ts';
import type { AgentState } from '../core/records.ts';
import type { MeasuredDisk } from '../sandbox/disk-quota.ts';
import type { NestedContainers } from '../service/nested-containers.ts';
import type { StandaloneContainers } from '../service/standalone-containers.ts';

export interface ApiPlace {
  config: AgentConfig;
  pid: string;
  startedAtMs: number;
  clock: Clock;
  logger: Logger;
  containerizer: Containerizer;
  /** Undefined until what was kept has been read. */
  state: () => AgentState | undefined;
  /** Sandboxes that wait to be removed. */
  garbageCount: () => number;
  /** What a container had on the disk when that was measured last. */
  diskOf: (containerId: string) => readonly MeasuredDisk[];
  nested: NestedContainers;
  standalone: StandaloneContainers;
  /** Makes a folder for what a nested container writes, in the sandbox of the container that it is in. */
  nestedSandbox: (within: string, id: string) => Promise<string>;
  removeNestedSandbox: (id: string) => Promise<void>;
  /** Of a task, an executor or a standalone container. */
  sandboxOfContainer: (containerId: string) => string | undefined;
  /** Who did what to which container, for the log. */
  audit: (action: string, principal: string | undefined, containerId: string) => void;
  tell: (event: AgentEvent) => void;
  openSession: (containerId: string, response: ServerResponse, format: BodyFormat, onEnd: () => void) => void;
}
