/** `/metrics/snapshot`: figures by Mesos' keys. */
import { cpus, freemem, loadavg, totalmem } from 'node:os';
import { TaskState } from '@orchestrator/mesos';
import type { MasterState } from '../core/context.ts';
import { metricNameOf, terminalStates } from '../core/task-state.ts';
import type { LeadingMaster } from '../service/leading-master.ts';
import { type ClusterFigures, countCluster } from './cluster-figures.ts';
import { frameworkFigures, frameworkKey } from './framework-figures.ts';
import { operationFigures } from './operation-figures.ts';
import { roleFigures } from './role-figures.ts';

export interface SnapshotOptions {
  readonly master: LeadingMaster | undefined;
  readonly startedAtMs: number;
  readonly nowMs: number;
  /** Default true. */
  readonly perFramework?: boolean;
}

const countedFromStart = [
  'slave_registrations',
  'slave_removals',
  'slave_removals/reason_unhealthy',
  'slave_removals/reason_unregistered',
  'slave_removals/reason_registered',
  'slave_reregistrations',
  'slave_unreachable_scheduled',
  'slave_unreachable_completed',
  'slave_unreachable_canceled',
  'recovery_slave_removals',
  'dropped_messages',
  'http_cache_hits',
  'slave_shutdowns_scheduled',
  'slave_shutdowns_completed',
  'slave_shutdowns_canceled',
  'tasks_launched',
  'valid_operation_status_updates',
  'invalid_operation_status_updates',
  'valid_operation_status_update_acknowledgements',
  'invalid_operation_status_update_acknowledgements',
  'valid_status_updates',
  'invalid_status_updates',
  'valid_status_update_acknowledgements',
  'invalid_status_update_acknowledgements',
  'valid_framework_to_executor_messages',
  'invalid_framework_to_executor_messages',
  'valid_executor_to_framework_messages',
  'invalid_executor_to_framework_messages',
  ...[
    'authenticate',
    'register_framework',
    'reregister_framework',
    'unregister_framework',
    'deactivate_framework',
    'launch_tasks',
    'operation_status_update_acknowledgement',
    'decline_offers',
    'revive_offers',
    'suppress_offers',
    'kill_task',
    'status_update',
    'status_update_acknowledgement',
    'reconcile_tasks',
    'reconcile_operations',
    'register_slave',
    'reregister_slave',
    'unregister_slave',
    'update_slave',
    'exited_executor',
    'executor_to_framework',
    'framework_to_executor',
    'resource_request',
    'operation_status_update',
  ].map((name) => `messages_${name}`),
];

/** Of these a gauge says how many there are now; of the rest a counter says how many there were. */
const livingStates = [
  TaskState.TASK_STAGING,
  TaskState.TASK_STARTING,
  TaskState.TASK_RUNNING,
  TaskState.TASK_KILLING,
] as const;
const mib = 1024 * 1024;

function systemFigures(figures: Map<string, number>): void {
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  figures.set('system/cpus_total', cpus().length);
  figures.set('system/load_1min', one);
  figures.set('system/load_5min', five);
  figures.set('system/load_15min', fifteen);
  figures.set('system/mem_free_bytes', freemem());
  figures.set('system/mem_total_bytes', totalmem());
}

function agentFigures(
  figures: Map<string, number>,
  state: MasterState | undefined,
  { agents: { all, active, connected }, total, used, offered }: ClusterFigures,
): void {
  figures.set('master/slaves_active', active);
  figures.set('master/slaves_connected', connected);
  figures.set('master/slaves_disconnected', all - connected);
  figures.set('master/slaves_inactive', all - active);
  figures.set('master/slaves_unreachable', state?.unreachableAgents.size ?? 0);
  for (const name of ['cpus', 'mem', 'disk', 'gpus'].flatMap((each) => [each, `${each}_revocable`])) {
    const [whole, taken] = [(total.get(name) ?? 0) / 1000, (used.get(name) ?? 0) / 1000];
    figures.set(`master/${name}_total`, whole);
    figures.set(`master/${name}_used`, taken);
    figures.set(`master/${name}_percent`, whole === 0 ? 0 : taken / whole);
    if (name.endsWith('_revocable')) continue;
    figures.set(`allocator/mesos/resources/${name}/total`, whole);
    figures.set(
      `allocator/mesos/resources/${name}/offered_or_allocated`,
      taken + (offered.get(name) ?? 0) / 1000,
    );
  }
}

function allFrameworksFigures(
  figures: Map<string, number>,
  state: MasterState | undefined,
  cluster: ClusterFigures,
): void {
  const frameworks = [...(state?.frameworks.values() ?? [])];
  const connected = frameworks.filter((framework) => framework.connection !== undefined).length;
  const active = frameworks.filter((framework) => framework.active).length;
  figures.set('master/frameworks_active', active);
  figures.set('master/frameworks_connected', connected);
  figures.set('master/frameworks_disconnected', frameworks.length - connected);
  figures.set('master/frameworks_inactive', frameworks.length - active);
  figures.set('master/outstanding_offers', state?.offers.size ?? 0);
  const unreachable = frameworks.reduce((sum, { unreachableTasks }) => sum + unreachableTasks.size, 0);
  const byFramework = [...cluster.tasks.values()];
  for (const living of livingStates) {
    const count = byFramework.reduce((sum, states) => sum + (states.get(living) ?? 0), 0);
    figures.set(`master/tasks_${metricNameOf(living)}`, count);
  }
  figures.set('master/tasks_unreachable', unreachable);
}

function registrarFigures(figures: Map<string, number>, master: LeadingMaster | undefined): void {
  const { queuedOperations = 0, bytes = 0, fetchMs, storeMs } = master?.registrar.figures ?? {};
  figures.set('registrar/log/ensemble_size', 1);
  figures.set('registrar/queued_operations', queuedOperations);
  figures.set('registrar/registry_size_bytes', bytes);
  figures.set('registrar/log/recovered', master === undefined ? 0 : 1);
  if (fetchMs !== undefined) figures.set('registrar/state_fetch_ms', fetchMs);
  for (const [name, value] of storeMs?.figures('registrar/state_store_ms') ?? []) figures.set(name, value);
}

function allocatorFigures(
  figures: Map<string, number>,
  master: LeadingMaster | undefined,
  cluster: ClusterFigures,
): void {
  figures.set('allocator/event_queue_dispatches', 0);
  figures.set('allocator/mesos/event_queue_dispatches', 0);
  figures.set('allocator/mesos/allocation_runs', master?.allocationRunMs.count ?? 0);
  if (master === undefined) return;
  const run = master.allocationRunMs.figures('allocator/mesos/allocation_run_ms');
  const latency = master.allocationLatencyMs.figures('allocator/mesos/allocation_run_latency_ms');
  for (const [name, value] of [...run, ...latency]) figures.set(name, value);
  roleFigures(figures, master, cluster);
}

const inOrder = (figures: Iterable<readonly [string, number]>) =>
  [...figures].sort(([left], [right]) => (left < right ? -1 : 1));

/** What comes before it sorts before the figures of frameworks. */
const frameworksPrefix = 'master/frameworks/';

/**
 * Every figure, in the order of their names, in portions that may be empty. Whoever takes these gives others their turn in
 * between: first the cluster is counted, then there may be thousands of frameworks with dozens of figures each.
 */
export function* snapshot(options: SnapshotOptions): Generator<readonly (readonly [string, number])[]> {
  const { master, perFramework = true } = options;
  const cluster = yield* countCluster(master?.core.state);
  const all = inOrder(commonFigures(options, cluster));
  const cut = all.findIndex(([name]) => name > frameworksPrefix);
  yield all.slice(0, cut);
  if (perFramework && master !== undefined) {
    const frameworks = [...master.core.state.frameworks.values()];
    const keyed = frameworks.map((framework) => [frameworkKey(framework), framework] as const);
    keyed.sort(([left], [right]) => (left < right ? -1 : 1));
    for (const [key, framework] of keyed) {
      yield inOrder(frameworkFigures(key, framework, cluster.tasks.get(framework.id)));
    }
  }
  yield all.slice(cut);
}

function commonFigures(
  { master, startedAtMs, nowMs }: SnapshotOptions,
  cluster: ClusterFigures,
): Map<string, number> {
  const figures = new Map<string, number>();
  figures.set('master/elected', master === undefined ? 0 : 1);
  figures.set('master/uptime_secs', (nowMs - startedAtMs) / 1000);
  figures.set('master/event_queue_dispatches', 0);
  figures.set('master/event_queue_http_requests', 0);
  figures.set('master/event_queue_messages', 0);
  figures.set('master/operator_event_stream_subscribers', master?.subscribers ?? 0);
  for (const name of countedFromStart) figures.set(`master/${name}`, 0);
  for (const state of terminalStates) figures.set(`master/tasks_${metricNameOf(state)}`, 0);
  for (const { info } of master?.core.state.frameworks.values() ?? []) {
    if (info.principal === '') continue;
    // Of drivers; the counters know better where there are any.
    for (const kind of ['received', 'processed']) {
      figures.set(`frameworks/${info.principal}/messages_${kind}`, 0);
    }
  }
  for (const [name, value] of master?.core.counters.entries() ?? []) figures.set(name, value);
  agentFigures(figures, master?.core.state, cluster);
  allFrameworksFigures(figures, master?.core.state, cluster);
  operationFigures(figures, master, cluster);
  registrarFigures(figures, master);
  allocatorFigures(figures, master, cluster);
  systemFigures(figures);
  return figures;
}

/** `/system/stats.json` */
export function systemStats(): Record<string, number> {
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  return {
    avg_load_15min: fifteen,
    avg_load_1min: one,
    avg_load_5min: five,
    cpus_total: cpus().length,
    mem_free_bytes: Math.floor(freemem() / mib) * mib,
    mem_total_bytes: totalmem(),
  };
}
