/** The coordinator's REST API: its answers as they come over the wire, and one function per request that a command makes. */
import type { CheckResult } from '@orchestrator/migration';
import type { RestClient } from './server/http-client.ts';

export type MigrationStatus =
  | 'planned'
  | 'running'
  | 'awaiting-approval'
  | 'paused'
  | 'rolling-back'
  | 'rolled-back'
  | 'completed'
  | 'failed';

type StepMode = 'run' | 'undo' | 'validate';

export interface Timing {
  readonly phase: number;
  readonly step: string;
  readonly mode: StepMode;
  readonly attempt: number;
  readonly started_ms: number;
  readonly ended_ms: number | null;
  readonly outcome: 'done' | 'failed' | 'interrupted' | null;
}

export interface Phase {
  readonly number: number;
  readonly name: string;
  readonly steps: readonly { readonly name: string; readonly done: boolean }[];
}

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | null;
}

export interface Migration {
  readonly id: string;
  readonly name: string;
  readonly status: MigrationStatus;
  readonly phase: number;
  readonly phase_name: string | null;
  readonly step: string | null;
  readonly step_mode: StepMode | null;
  readonly next_phase: number | null;
  readonly goal_phase: number | null;
  readonly failure: Failure | null;
  readonly created_ms: number;
  readonly created_by: string;
  readonly started_ms: number | null;
  readonly completed_ms: number | null;
  readonly phases: readonly Phase[];
  readonly timings: readonly Timing[];
  readonly config: Config;
}

/** As far as commands look into it. */
interface Config {
  readonly source: ClusterConfig;
  readonly target: ClusterConfig;
}

interface ClusterConfig {
  readonly zookeeper?: string | undefined;
  readonly deploy: DeployConfig;
}

interface DeployConfig {
  readonly kind: string;
  readonly servers?: readonly { readonly host: string; readonly client_port: number }[] | undefined;
}

/** The connect string of a cluster: as configured, else of the servers that are deployed. */
export function addressOf({ zookeeper, deploy }: ClusterConfig): string {
  return (
    zookeeper ?? (deploy.servers ?? []).map(({ host, client_port }) => `${host}:${client_port}`).join(',')
  );
}

export interface Progress {
  readonly stage: string;
  readonly done: number;
  readonly total: number | null;
  readonly unit: string;
}

export interface Direction {
  readonly from: 'source' | 'target';
  readonly capture: string;
  readonly capture_reason: string;
  readonly applied: number;
  readonly applied_per_s: number;
  readonly backlog: number;
  readonly lag_p50_ms: number | null;
  readonly lag_p99_ms: number | null;
  readonly lag_now_ms: number;
}

export interface SyncStatus {
  readonly state: 'stopped' | 'standby' | 'starting' | 'copying' | 'syncing' | 'paused' | 'failing';
  readonly leader: string | null;
  readonly term: number;
  readonly directions: readonly Direction[];
  readonly conflicts: { readonly total: number; readonly held: number };
  readonly mirror_sessions: number;
  readonly problem: string | null;
}

export interface Quorum {
  readonly serving: number;
  readonly total: number;
  readonly healthy: boolean;
  readonly explanation: string;
}

export interface Alert {
  readonly kind: string;
  readonly severity: 'warning' | 'critical';
  readonly message: string;
  readonly remedy: string | null;
}

export interface Live {
  readonly updated_ms: number;
  readonly progress: Progress | null;
  readonly instruction: string | null;
  readonly sync: SyncStatus | null;
  readonly source: Quorum | null;
  readonly target: Quorum | null;
  readonly clients: { readonly source: number | null; readonly target: number | null };
  readonly alerts: readonly Alert[];
}

export interface Health {
  /** The coordinator that leads; `null` when none runs. */
  readonly leader: string | null;
  /** As the leading coordinator wrote it last; `null` before the first time. */
  readonly live: Live | null;
  readonly checks: readonly {
    readonly title: string;
    readonly time_ms: number;
    readonly results: readonly CheckResult[];
  }[];
}

/** All that is known of one migration. */
export type MigrationView = Migration & Health;

interface NodeValue {
  /** Base64. */
  readonly data: string | null;
  readonly acl: readonly { readonly perms: number; readonly scheme: string; readonly id: string }[];
  readonly version: number;
  readonly aversion: number;
  readonly mzxid: string;
  readonly time_ms: number;
}

export interface Conflict {
  readonly id: string;
  readonly path: string;
  readonly decision: 'source' | 'target' | 'held';
  readonly reason: string;
  readonly strategy: string;
  readonly recorded_ms: number;
  readonly resolved_ms: number | null;
  readonly source: NodeValue | null;
  readonly target: NodeValue | null;
}

export interface Difference {
  readonly path: string;
  readonly fields: readonly { readonly field: string; readonly source: string; readonly target: string }[];
}

export interface Verification {
  readonly nodes: { readonly source: number; readonly target: number };
  readonly checksum: { readonly source: string; readonly target: string };
  readonly difference_count: number;
  readonly differences: readonly Difference[];
  readonly expected: readonly Difference[];
  readonly duration_ms: number;
}

export interface Validation {
  readonly phase: number | 'current';
  readonly valid: boolean;
  readonly results: readonly CheckResult[];
}

export interface AuditVerdict {
  readonly intact: boolean;
  readonly entries: number;
  readonly findings: readonly string[];
}

export interface AuditEntry {
  readonly seq: number;
  readonly timeMs: number;
  readonly actor: string;
  readonly action: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** The `migration` object of a configuration file, and the addresses that flags gave. */
export interface MigrationRequest {
  readonly config: unknown;
}

export type Command =
  | { readonly kind: 'start' | 'pause' | 'resume' }
  | { readonly kind: 'advance'; readonly phase: number }
  | { readonly kind: 'rollback'; readonly toPhase: number; readonly force: boolean };

export interface MigrationApi {
  list(): Promise<readonly Migration[]>;
  get(id: string): Promise<MigrationView>;
  audit(id: string, after: number): Promise<{ entries: readonly AuditEntry[]; more: boolean }>;
  verifyAudit(id: string): Promise<AuditVerdict>;
  report(id: string, format: 'json' | 'markdown' | 'html'): Promise<string>;
  create(request: MigrationRequest): Promise<Migration>;
  command(id: string, command: Command): Promise<Migration>;
  preflight(request: MigrationRequest): Promise<{ ready: boolean; results: readonly CheckResult[] }>;
  validate(id: string, phase: number | 'current'): Promise<Validation>;
  verify(id: string, options: { repair: boolean }): Promise<Verification>;
  conflicts(id: string, options: { held: boolean }): Promise<readonly Conflict[]>;
  conflict(id: string, conflictId: string): Promise<Conflict>;
  resolve(id: string, conflictId: string, winner: 'source' | 'target'): Promise<Conflict>;
}

const root = '/api/v1/migrations';

function bodyOf(command: Command): object | undefined {
  if (command.kind === 'advance') return { phase: command.phase };
  if (command.kind === 'rollback') return { to_phase: command.toPhase, force: command.force };
  return undefined;
}

export function createMigrationApi(rest: RestClient): MigrationApi {
  const at = (id: string, rest = '') => `${root}/${encodeURIComponent(id)}${rest}`;
  const conflictAt = (id: string, conflictId: string) =>
    at(id, `/conflicts/${encodeURIComponent(conflictId)}`);
  return {
    list: async () => (await rest.get<{ migrations: readonly Migration[] }>(root)).migrations,
    get: async (id) => {
      const [migration, health] = await Promise.all([
        rest.get<Migration>(at(id)),
        rest.get<Health>(at(id, '/health')),
      ]);
      return { ...migration, ...health };
    },
    audit: (id, after) => rest.get(at(id, `/audit?after=${after}&limit=1000`)),
    verifyAudit: (id) => rest.get(at(id, '/audit/verify')),
    report: (id, format) => rest.getText(at(id, `/report?format=${format}`)),
    create: (request) => rest.post(root, request),
    command: (id, command) => rest.post(at(id, `/${command.kind}`), bodyOf(command)),
    preflight: (request) => rest.post('/api/v1/preflight', request),
    validate: (id, phase) => rest.post(at(id, '/validate'), { phase }),
    verify: (id, options) => rest.post(at(id, '/verify'), options),
    conflicts: async (id, { held }) => {
      const query = held ? '?held=true' : '';
      return (await rest.get<{ conflicts: readonly Conflict[] }>(at(id, `/conflicts${query}`))).conflicts;
    },
    conflict: (id, conflictId) => rest.get(conflictAt(id, conflictId)),
    resolve: (id, conflictId, winner) => rest.post(`${conflictAt(id, conflictId)}/resolve`, { winner }),
  };
}
