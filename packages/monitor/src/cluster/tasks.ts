/** Lists of tasks: filters, order, pages. */
import { MonitorError } from '../errors.ts';
import { type TaskPage, type TaskQuery, type TaskStateName, taskState } from '../schema/index.ts';
import { showTask } from './shown.ts';
import type { ClusterState } from './state.ts';
import { isEnded, type TaskRecord } from './task-record.ts';

type Wanted = (state: TaskStateName) => boolean;

function wantedStates(text: string | undefined): Wanted {
  if (text === undefined || text === '') return () => true;
  if (text === 'active') return (state) => !isEnded(state);
  if (text === 'ended') return isEnded;
  const names = text.split(',').map((name) =>
    name
      .trim()
      .replace(/^TASK_/i, '')
      .toLowerCase(),
  );
  const unknown = names.find((name) => !taskState.safeParse(name).success);
  if (unknown !== undefined) {
    throw new MonitorError('invalid', `"${unknown}" is no state of tasks`, {
      remedy: `write active, ended, or some of ${taskState.options.join(', ')}`,
    });
  }
  const wanted = new Set(names);
  return (state) => wanted.has(state);
}

const changedMs = (task: TaskRecord) => task.history.at(-1)?.atMs ?? 0;
const byId = (a: TaskRecord, b: TaskRecord) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
const orders: Readonly<Record<TaskQuery['sort'], (a: TaskRecord, b: TaskRecord) => number>> = {
  changed: (a, b) => changedMs(b) - changedMs(a) || byId(a, b),
  name: (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : byId(a, b)),
  cpus: (a, b) => (b.resources.get('cpus') ?? 0) - (a.resources.get('cpus') ?? 0) || byId(a, b),
  mem: (a, b) => (b.resources.get('mem') ?? 0) - (a.resources.get('mem') ?? 0) || byId(a, b),
};

/** @throws MonitorError `invalid` for a state that there is not */
export function findTasks(state: ClusterState, query: TaskQuery): TaskPage {
  const isWanted = wantedStates(query.state);
  const text = query.text?.toLowerCase() ?? '';
  const has = (value: string | undefined) => value?.toLowerCase().includes(text) === true;
  const isFound = (task: TaskRecord): boolean =>
    (query.framework === undefined || task.frameworkId === query.framework) &&
    (query.agent === undefined || task.agentId === query.agent) &&
    (query.role === undefined || task.role === query.role) &&
    isWanted(task.state) &&
    (text === '' ||
      has(task.id) ||
      has(task.name) ||
      has(state.agents.get(task.agentId)?.agentInfo.hostname) ||
      has(state.frameworks.get(task.frameworkId)?.frameworkInfo.name));
  const found: TaskRecord[] = [];
  for (const task of state.tasks.values()) if (isFound(task)) found.push(task);
  const page = found.sort(orders[query.sort]).slice(query.offset, query.offset + query.limit);
  return {
    tasks: page.map((task) => showTask(state, task)),
    total: found.length,
    tasksRevision: state.tasksRevision,
  };
}
