import type { Acls } from '@orchestrator/mesos';
import type { Clock } from '@orchestrator/runtime';
import type { Audit } from './audit.ts';
import type { ReadPlace } from './operator-reads.ts';

/** What the endpoints work on during one request. */
export interface OperatorPlace extends ReadPlace {
  readonly clock: Clock;
  readonly acls: Acls;
  readonly audit: Audit;
  readonly setLoggingLevel: (level: number, durationMs: number) => void;
}
