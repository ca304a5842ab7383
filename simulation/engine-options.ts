import type { Random } from '@orchestrator/runtime';
import type { Clock } from '@orchestrator/runtime/clock';
import type { ConflictStrategy, Event, Side, SideTraits } from '@orchestrator/sync';
import type { Ensemble } from './model/ensemble.ts';
import type { ModelStore } from './model/store.ts';

export interface EngineOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly store: ModelStore;
  readonly ensembles: Readonly<Record<Side, Ensemble>>;
  readonly traits: Readonly<Record<Side, SideTraits>>;
  readonly strategy: ConflictStrategy;
  readonly sequenceGap: number;
  readonly electionGroups: readonly string[];
  readonly timing: EngineTiming;
  /** Chance that the history from the cursor on cannot be had at the start, or after a broken stream. */
  readonly historyLossRate: number;
  readonly initialCopy: boolean;
  /** Of the core: fewer than what has to be raised, so that it goes in steps. */
  readonly maxPairsPerMulti: number;
  /** A conflict is on record; its decision is about to be carried out. */
  readonly onDecision: () => void;
  readonly trace?: ((line: () => string) => void) | undefined;
}

export interface EngineTiming {
  readonly largestDelayMs: number;
  readonly leaseMs: number;
  readonly sessionTimeoutMs: number;
  readonly mirrorTimeoutMs: number;
  /** More clients than that share. */
  readonly mostMirrorSessions: number;
  readonly tickMs: number;
}

/** What the parts of a run need of it. */
export interface RunHost {
  readonly options: EngineOptions;
  readonly term: number;
  readonly isFrozen: boolean;
  /** A leader's writes to the store are conditional on its term; the one that fails ends the run. */
  mayStore(): boolean;
  trace(line: () => string): void;
  /** Later, unless the run is over by then. */
  later(delayMs: number, callback: () => void): void;
  post(event: Event): void;
}
