/** `master/frameworks/NAME/ID/…`: what each framework has asked for, been told and been offered. */
import { Offer_Operation_Type, scheduler, TaskState } from '@orchestrator/mesos';
import type { FrameworkRecord } from '../core/records.ts';
import { terminalStates } from '../core/task-state.ts';

const namesOf = (values: Readonly<Record<string, string | number>>) =>
  Object.entries(values)
    .filter(([name]) => name !== 'UNKNOWN')
    .map(([name, value]) => [name.toLowerCase(), Number(value)] as const);

const calls = namesOf(scheduler.Call_Type);
const events = namesOf(scheduler.Event_Type);
const operations = namesOf(Offer_Operation_Type);
const active = [
  TaskState.TASK_STAGING,
  TaskState.TASK_STARTING,
  TaskState.TASK_RUNNING,
  TaskState.TASK_KILLING,
  TaskState.TASK_UNREACHABLE,
  TaskState.TASK_UNKNOWN,
] as const;
const stateNames = new Map<number, string>(
  Object.entries(TaskState).map(([name, value]) => [value, name.toLowerCase()]),
);

function setCounts(
  figures: Map<string, number>,
  key: string,
  names: readonly (readonly [name: string, kind: number])[],
  counts: readonly number[],
): void {
  let sum = 0;
  for (const [name, kind] of names) {
    const value = counts[kind] ?? 0;
    figures.set(`${key}/${name}`, value);
    sum += value;
  }
  figures.set(key, sum);
}

/** What the names of its figures begin with. */
export const frameworkKey = ({ info, id }: FrameworkRecord) =>
  `master/frameworks/${encodeURIComponent(info.name)}/${id}`;

/** @param states - its tasks by state; undefined for none */
export function frameworkFigures(
  key: string,
  framework: FrameworkRecord,
  states: ReadonlyMap<TaskState, number> | undefined,
): Map<string, number> {
  const { figures: own, roles, suppressedRoles } = framework;
  const figures = new Map<string, number>();
  figures.set(`${key}/subscribed`, framework.connection === undefined ? 0 : 1);
  setCounts(figures, `${key}/calls`, calls, own.calls);
  setCounts(figures, `${key}/events`, events, own.events);
  setCounts(figures, `${key}/operations`, operations, own.operations);
  for (const [name, value] of Object.entries(own.offers)) figures.set(`${key}/offers/${name}`, value);
  for (const state of active) {
    const away = state === TaskState.TASK_UNREACHABLE ? framework.unreachableTasks.size : 0;
    figures.set(`${key}/tasks/active/${stateNames.get(state)}`, away + (states?.get(state) ?? 0));
  }
  for (const state of terminalStates) {
    figures.set(`${key}/tasks/terminal/${stateNames.get(state)}`, own.ended[state] ?? 0);
  }
  for (const role of roles) figures.set(`${key}/roles/${role}/suppressed`, suppressedRoles.has(role) ? 1 : 0);
  return figures;
}
