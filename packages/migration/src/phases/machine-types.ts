/**
 * The words of the phase machine. All of it is plain JSON, so that the state can be kept in the store as it is and a
 * coordinator that takes over reads exactly what its predecessor knew.
 */
import type { Failure } from '../errors.ts';

export type MigrationStatus =
  | 'planned'
  | 'running'
  | 'awaiting-approval'
  | 'paused'
  | 'rolling-back'
  | 'rolled-back'
  | 'completed'
  | 'failed';

export interface StepShape {
  readonly name: string;
  /** Whether synchronisation runs once this step is done; absent: as before. */
  readonly sync?: 'on' | 'off';
}

/** A phase as the machine sees it: numbers and names. What the steps do is the coordinator's business. */
export interface PhaseShape {
  readonly number: number;
  readonly name: string;
  readonly steps: readonly StepShape[];
}

export interface Plan {
  /** In ascending order of number; numbers may have gaps: an ensemble without Mesos has 1 and 6 only. */
  readonly phases: readonly PhaseShape[];
  /** Wait for `advance` before each phase but the first. */
  readonly manualApproval: boolean;
  /** How long after completion a rollback is still accepted. */
  readonly rollbackRetentionMs: number;
}

export interface StepRef {
  readonly phase: number;
  readonly step: string;
}

/** What a coordinator has to be doing now. `validate` checks the state that a rollback arrived at. */
export interface Activity extends StepRef {
  readonly mode: 'run' | 'undo' | 'validate';
  readonly attempt: number;
}

export interface Timing extends StepRef {
  readonly mode: Activity['mode'];
  readonly attempt: number;
  readonly startedMs: number;
  /** `null` while it runs. */
  readonly endedMs: number | null;
  readonly outcome: 'done' | 'failed' | 'interrupted' | null;
}

export interface MachineState {
  readonly status: MigrationStatus;
  /** The phase worked on, or the last one finished; 0: as before the migration. */
  readonly phase: number;
  /** Journaled before it is performed: after a crash it is performed again, so every step is idempotent. */
  readonly current: Activity | null;
  /** What has been done and not undone, in order: the rollback's stack. */
  readonly done: readonly StepRef[];
  /** Where a rollback goes to; `null` when none is on. */
  readonly goalPhase: number | null;
  /** The operator accepts that rollback leaves clients of the target behind. */
  readonly force: boolean;
  /** The status to go back to; set while paused. */
  readonly pausedFrom: MigrationStatus | null;
  readonly failure: Failure | null;
  readonly startedMs: number | null;
  readonly completedMs: number | null;
  readonly timings: readonly Timing[];
}

export type MachineEvent =
  | { readonly kind: 'start'; readonly nowMs: number }
  /** Approves the next phase, or tries again what failed. `phase`, when given, must be the phase that is due. */
  | { readonly kind: 'advance'; readonly nowMs: number; readonly phase?: number }
  | { readonly kind: 'pause'; readonly nowMs: number }
  | { readonly kind: 'resume'; readonly nowMs: number }
  | { readonly kind: 'rollback'; readonly nowMs: number; readonly toPhase: number; readonly force?: boolean }
  | { readonly kind: 'stepDone'; readonly nowMs: number; readonly activity: Activity }
  | {
      readonly kind: 'stepFailed';
      readonly nowMs: number;
      readonly activity: Activity;
      readonly failure: Failure;
    };

export type MachineAction =
  /** Stop what is being performed, if anything, and wait for its end before anything else is performed. */
  | { readonly kind: 'interrupt' }
  | { readonly kind: 'perform'; readonly activity: Activity }
  | { readonly kind: 'alert'; readonly failure: Failure; readonly activity: Activity };

export interface Transition {
  readonly state: MachineState;
  readonly actions: readonly MachineAction[];
}
