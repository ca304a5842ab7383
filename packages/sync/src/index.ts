export { conflictDesk } from './conflict-desk.ts';
export { type Core, type CoreStatus, createCore } from './core/core.ts';
export type { Mirror } from './core/mirror.ts';
export type { CoreOptions, SideTraits } from './core/options.ts';
export { createScope, type Scope } from './core/scope.ts';
export type { Conflict, ConflictStrategy, NodeValue, Side } from './core/types.ts';
export {
  type Action,
  type Blocked,
  type Event,
  type MirrorSession,
  otherSide,
  type WriteOp,
} from './core/types.ts';
export { createSyncEngine } from './engine.ts';
export type {
  CaptureMode,
  ConflictRecord,
  Difference,
  Digest,
  DirectionStatus,
  EnsembleAccess,
  LedgerEntry,
  Progress,
  SeedOptions,
  SeedReport,
  SyncEngine,
  SyncOptions,
  SyncState,
  SyncStatus,
  TlsFiles,
  VerifyOptions,
  VerifyReport,
} from './engine-types.ts';
export { SyncError, type SyncErrorCode } from './errors.ts';
export { prepareSeed } from './seed/seed.ts';
export { readMirrorSessions, readWriters } from './store/sessions.ts';
export { decodeCursor, encodeCursor, ownRoot, ownZnodes } from './znodes.ts';
