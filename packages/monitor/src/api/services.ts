/** What the routes work with. */
import type { Logger } from '@orchestrator/runtime';
import type { Clock } from '@orchestrator/runtime/clock';
import type { Collector } from '../collect/collector.ts';
import type { Controls } from '../control/controls.ts';
import type { Pipes } from '../control/pipes.ts';
import type { ViewRights } from '../control/rights.ts';
import type { Audit } from '../keep/audit.ts';
import type { LiveViews } from '../live/live-views.ts';
import type { Renderer } from '../view/renderer.ts';
import type { MomentAt } from './past.ts';

/** Where probes are listened for, for those who want to start one. */
export interface ProbeService {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** Whether a probe needs a token. */
  readonly token: boolean;
}

export interface Services {
  readonly appId: string;
  readonly version: string;
  readonly hostName: string;
  readonly probeService: () => ProbeService;
  readonly collector: Collector;
  readonly renderer: Renderer;
  readonly live: LiveViews;
  /** The present, or the past that a request names. */
  readonly momentAt: MomentAt;
  readonly controls: Controls;
  readonly views: ViewRights;
  readonly pipes: Pipes;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly logger: Logger;
}
