export type { Conflict, ConflictStrategy, NodeValue, Side } from './core/types.ts';
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
  VerifyReport,
} from './engine-types.ts';
