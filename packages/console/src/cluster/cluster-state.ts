/** The cluster as it is by now: what came first, brought up to date by what came since. Pure. */
import type {
  ClusterAgent,
  ClusterDifference,
  ClusterFramework,
  ClusterRole,
  ClusterSummary,
} from '@orchestrator/monitor/schema';

export interface ClusterState {
  readonly summary: ClusterSummary;
  readonly agents: readonly ClusterAgent[];
  readonly frameworks: readonly ClusterFramework[];
  readonly roles: readonly ClusterRole[];
}

/** As people call it; its id if it is gone. */
export function agentName({ agents }: ClusterState, id: string): string {
  const agent = agents.find((each) => each.id === id);
  return agent === undefined ? id : `${agent.hostName} (${agent.address})`;
}

interface ListChange<Item> {
  readonly set: readonly Item[];
  readonly remove: readonly string[];
}

function changed<Item>(
  items: readonly Item[],
  change: ListChange<Item> | undefined,
  keyOf: (item: Item) => string,
): readonly Item[] {
  if (change === undefined) return items;
  const next = new Map(items.map((item) => [keyOf(item), item]));
  for (const item of change.set) next.set(keyOf(item), item);
  for (const key of change.remove) next.delete(key);
  return [...next.values()];
}

/** @returns undefined as long as nothing whole has come */
export function applyDifference(
  state: ClusterState | undefined,
  difference: ClusterDifference,
): ClusterState | undefined {
  const { reset = false, summary = state?.summary, agents, frameworks, roles } = difference;
  if (summary === undefined || (state === undefined && !reset)) return state;
  const base = reset ? undefined : state;
  return {
    summary,
    agents: changed(base?.agents ?? [], agents, ({ id }) => id),
    frameworks: changed(base?.frameworks ?? [], frameworks, ({ id }) => id),
    roles: changed(base?.roles ?? [], roles, ({ name }) => name),
  };
}
