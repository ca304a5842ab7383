/** `/metrics/snapshot`, under Mesos' names, and `/metrics`, under those of Prometheus. */
import { cpus, freemem, loadavg, totalmem } from 'node:os';
import { Resources, TaskState } from '@orchestrator/mesos';
import type { AgentState } from '../core/records.ts';
import { totalResources } from '../core/resources.ts';
import { isRegistered } from '../core/turn.ts';
import type { ApiPlace } from './place.ts';
import { executorsOf, usedBy } from './views.ts';

function resourceFigures(figures: Map<string, number>, state: AgentState): void {
  const total = totalResources(state);
  const used = Resources.sum(executorsOf(state).map(usedBy));
  for (const name of ['cpus', 'gpus', 'mem', 'disk']) {
    const [all, taken] = [total.thousandths(name) / 1000, used.thousandths(name) / 1000];
    figures.set(`slave/${name}_total`, all);
    figures.set(`slave/${name}_used`, taken);
    figures.set(`slave/${name}_percent`, all === 0 ? 0 : taken / all);
    for (const part of ['total', 'used', 'percent']) figures.set(`slave/${name}_revocable_${part}`, 0);
  }
}

function taskFigures(figures: Map<string, number>, state: AgentState): void {
  const executors = executorsOf(state);
  const tasks = executors.flatMap((executor) => [...executor.tasks.values()]);
  const inState = (wanted: TaskState) => tasks.filter(({ task }) => task.state === wanted).length;
  const ended = (wanted: TaskState) => state.counters.tasks[String(wanted)] ?? 0;
  const { TASK_STAGING, TASK_STARTING, TASK_RUNNING, TASK_KILLING, ...terminal } = TaskState;
  figures.set('slave/tasks_staging', inState(TASK_STAGING));
  figures.set('slave/tasks_starting', inState(TASK_STARTING));
  figures.set('slave/tasks_running', inState(TASK_RUNNING));
  figures.set('slave/tasks_killing', inState(TASK_KILLING));
  for (const name of ['finished', 'failed', 'killed', 'lost', 'gone'] as const) {
    const state = terminal[`TASK_${name.toUpperCase()}` as keyof typeof terminal];
    figures.set(`slave/tasks_${name}`, ended(state));
  }
  const inPhase = (phase: string) => executors.filter((executor) => executor.phase === phase).length;
  for (const phase of ['registering', 'running', 'terminating']) {
    figures.set(`slave/executors_${phase}`, inPhase(phase));
  }
}

export function agentMetrics(place: ApiPlace, state: AgentState): [name: string, value: number][] {
  const { counters } = state;
  const [load1 = 0, load5 = 0, load15 = 0] = loadavg();
  const figures = new Map<string, number>([
    ['gc/path_removals_pending', place.garbageCount()],
    ['slave/container_launch_errors', counters.containerLaunchErrors],
    ['slave/executors_preempted', 0],
    ['slave/executors_terminated', counters.executorsTerminated],
    ['slave/frameworks_active', state.frameworks.size],
    ['slave/invalid_framework_messages', counters.invalidFrameworkMessages],
    ['slave/invalid_status_updates', counters.invalidStatusUpdates],
    ['slave/recovery_errors', counters.recoveryErrors],
    ['slave/registered', isRegistered(state) ? 1 : 0],
    ['slave/uptime_secs', (place.clock.nowMs() - place.startedAtMs) / 1000],
    ['slave/valid_framework_messages', counters.validFrameworkMessages],
    ['slave/valid_status_updates', counters.validStatusUpdates],
    ['system/cpus_total', cpus().length],
    ['system/load_15min', load15],
    ['system/load_1min', load1],
    ['system/load_5min', load5],
    ['system/mem_free_bytes', freemem()],
    ['system/mem_total_bytes', totalmem()],
  ]);
  resourceFigures(figures, state);
  taskFigures(figures, state);
  return [...figures].sort(([left], [right]) => (left < right ? -1 : 1));
}

/** What only ever grows, as far as its process lives; Prometheus wants that said. */
const isCounter = (name: string) =>
  /_(errors|terminated|preempted|messages|updates|finished|failed|killed|lost|gone)$/.test(name);

/** `slave/tasks_running` is `mesos_agent_tasks_running`, `system/load_1min` is `mesos_agent_system_load_1min`. */
const prometheusName = (name: string) =>
  `mesos_agent_${name.replace(/^slave\//, '').replaceAll(/[^A-Za-z0-9_]/g, '_')}`;

export function prometheusText(figures: readonly (readonly [name: string, value: number])[]): string {
  const lines = figures.flatMap(([name, value]) => {
    const known = prometheusName(name);
    return [`# TYPE ${known} ${isCounter(name) ? 'counter' : 'gauge'}`, `${known} ${value}`];
  });
  return `${lines.join('\n')}\n`;
}
