import type { Logger } from '@orchestrator/runtime';
import type { Clock } from '@orchestrator/runtime/clock';
import type { ProbeConfig } from '../config/load.ts';
import type { Environment } from './secrets.ts';

/** What the parts of the daemon are made from. */
export interface DaemonContext {
  readonly config: ProbeConfig;
  readonly environment: Environment;
  readonly logger: Logger;
  readonly clock: Clock;
}
