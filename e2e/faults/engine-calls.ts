/** What a test and an engine in a process of its own say to each other. */
import type { SyncEngine, SyncOptions } from '@orchestrator/sync';

export type EngineOptions = Omit<SyncOptions, 'store' | 'logger'> & { readonly storeFile: string };

export const callable = [
  'start',
  'stop',
  'finish',
  'status',
  'settled',
  'verify',
  'repair',
  'ledger',
] as const satisfies readonly (keyof SyncEngine)[];

export interface Call {
  readonly id: number;
  readonly method: (typeof callable)[number];
  readonly args: readonly unknown[];
}

export type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { readonly code: string | undefined; readonly message: string } };
