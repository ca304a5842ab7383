import type { Logger } from '@orchestrator/runtime';
import type { Clock } from '@orchestrator/runtime/clock';
import type { Board } from './board/board.ts';
import type { Scheduler } from './board/scheduler.ts';
import type { Places } from './connection/places.ts';
import type { ControlDesk } from './control/desk.ts';
import type { HostFacts } from './host/facts.ts';
import type { ProcessGroups } from './process/groups.ts';

/** What every source works with. */
export interface SourceContext {
  /** The source's own; what it writes is merged with what the others see. */
  readonly board: Board;
  readonly probeId: string;
  /** Another board, for a source that speaks for several others. It stays for good. */
  addBoard(): Board;
  /** True if a board other than `own` knows that the node is gone, and none that it is there. */
  isGoneElsewhere(own: Board, topology: string, id: string): boolean;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly host: HostFacts;
  readonly controls: ControlDesk;
  /** Which container has which address; sources of containers write it, connections are told apart by it. */
  readonly places: Places;
  /** Groups of processes that sources know by name; the source of processes finds who is in them. */
  readonly processGroups: ProcessGroups;
}

/** A way of seeing a part of the host. Each can be off, and none needs another one. */
export interface Source {
  readonly name: string;
  /**
   * Returns at once, with what ends it; what cannot be reached yet is tried again by the source itself.
   */
  start(context: SourceContext): () => void | Promise<void>;
}
