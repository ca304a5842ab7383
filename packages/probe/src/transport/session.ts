import type { Report } from '@orchestrator/report';
import type { Logger } from '@orchestrator/runtime';
import type { Clock } from '@orchestrator/runtime/clock';
import type { Urgency } from '../board/board.ts';
import type { ControlDesk } from '../control/desk.ts';

/** What a connection to an app works with. */
export interface SessionContext {
  readonly probeId: string;
  readonly hostName: string;
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly controls: ControlDesk;
  /** All that is known now. */
  readonly current: () => Report;
  /** Called when the app has taken the probe. */
  readonly accepted: () => void;
  /** Calls back on every change; returns what ends that. */
  readonly onChange: (listener: (urgency: Urgency) => void) => () => void;
}

/** How a connection ended. */
export interface SessionEnd {
  /** The app had accepted the probe before. */
  readonly wasAccepted: boolean;
  readonly error: unknown;
}

/** One connection to one app, from its opening to its end; never rejects. */
export type Session = (context: SessionContext, signal: AbortSignal) => Promise<SessionEnd>;
