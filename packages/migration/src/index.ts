// The service: everything that can be done with migrations.

// Archives.
export { type ArchiveSummary, restoreArchive, verifyArchive } from './archive/archive.ts';
export type { KeySource } from './archive/key.ts';
export type { Manifest } from './archive/records.ts';
// Configuration.
export {
  configEnvPrefix,
  type LoadMigrationConfigOptions,
  loadMigrationConfig,
  type MigrationRequest,
  parseMigrationRequest,
} from './config/load.ts';
export { type MigrationConfig, migrationConfigSchema } from './config/schema.ts';
export { readSecret, secretReference } from './config/secret.ts';
// Its words.
export type { Alert } from './coordinator/alerts.ts';
export type { EventListener, MigrationEvent } from './coordinator/events.ts';
export type { CheckRecord } from './coordinator/facts.ts';
export type { Live } from './coordinator/live.ts';
// For other kinds of migration.
export type { PhaseSet } from './coordinator/perform.ts';
export type { SyncEngines } from './coordinator/sync-supervisor.ts';
export type { DeploymentPreview } from './deploy/target-plan.ts';
export { type Failure, MigrationError, type MigrationErrorCode } from './errors.ts';
export type { AuditEntry, AuditVerdict } from './journal/audit-chain.ts';
export type { AuditPage } from './journal/journal.ts';
export type { MigrationRecord } from './journal/record.ts';
export {
  type CreateMigrationServiceOptions,
  createMigrationServer,
  createMigrationService,
  type MigrationServer,
  type MigrationServerOptions,
} from './main.ts';
export type { CheckResult } from './phases/check.ts';
export type { MigrationContext } from './phases/context.ts';
export { definePhase, type Gate, type PhaseDefinition, type StepDefinition } from './phases/define-phase.ts';
export type { Activity, MachineState, MigrationStatus, Plan, Timing } from './phases/machine-types.ts';
// Reports.
export { describeState, formatBytes, formatCount, formatDuration, formatMs } from './report/format.ts';
export { reportToHtml } from './report/html.ts';
export { reportToMarkdown } from './report/markdown.ts';
export type { Report } from './report/model.ts';
export type {
  MigrationCommand,
  MigrationHealth,
  MigrationService,
  MigrationServiceOptions,
} from './service.ts';
