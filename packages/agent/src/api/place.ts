/** What the API needs of the agent. */
import type { ServerResponse } from 'node:http';
import type { BodyFormat } from '@orchestrator/mesos';
import type { Logger } from '@orchestrator/runtime';
import type { Clock } from '@orchestrator/runtime/clock';
import type { AgentConfig } from '../config.ts';
import type { Containerizer } from '../container/containerizer.ts';
import type { AgentEvent } from '../core/events.ts';
import type { AgentState } from '../core/records.ts';

export interface ApiPlace {
  config: AgentConfig;
  pid: string;
  startedAtMs: number;
  clock: Clock;
  logger: Logger;
  containerizer: Containerizer;
  /** Undefined until what was kept has been read. */
  state: () => AgentState | undefined;
  sandboxOf: (executorContainerId: string) => string | undefined;
  /** Sandboxes that wait to be removed. */
  garbageCount: () => number;
  tell: (event: AgentEvent) => void;
  openSession: (containerId: string, response: ServerResponse, format: BodyFormat, onEnd: () => void) => void;
}
