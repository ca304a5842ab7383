/** What the routes work with. */
import type { Logger, Principal, Role } from '@orchestrator/runtime';
import type { Clock } from '@orchestrator/runtime/clock';
import type { Collector } from '../collect/collector.ts';
import type { Controls } from '../control/controls.ts';
import type { Pipes } from '../control/pipes.ts';
import type { Audit } from '../keep/audit.ts';
import type { LiveViews } from '../live/live-views.ts';
import type { Renderer } from '../view/renderer.ts';

export interface Services {
  readonly appId: string;
  readonly version: string;
  readonly hostName: string;
  readonly collector: Collector;
  readonly renderer: Renderer;
  readonly live: LiveViews;
  readonly controls: Controls;
  readonly pipes: Pipes;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly logger: Logger;
}

export type { Principal, Role };
