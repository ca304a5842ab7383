/** What clients are told of the cluster; what is shown of an agent, a framework or a role is made again when it may have changed. */
import { isDeepStrictEqual } from 'node:util';
import type { Cluster, ClusterDifference, ClusterSummary } from '../schema/index.ts';
import type { ClusterFollower } from './follow.ts';
import type { ClusterPictures } from './live.ts';
import { showAgent, showFramework, showRole } from './shown.ts';
import type { ClusterState } from './state.ts';
import { summarise } from './summary.ts';

/** Things of one kind as they were shown last, and which of them those who follow have not been told of. */
class Shown<Thing> {
  readonly things = new Map<string, Thing>();
  readonly #show: (id: string) => Thing | undefined;
  #untold = new Set<string>();

  constructor(show: (id: string) => Thing | undefined) {
    this.#show = show;
  }

  /** Looks at some of them again. */
  update(ids: Iterable<string>): void {
    for (const id of ids) {
      const now = this.#show(id);
      if (isDeepStrictEqual(now, this.things.get(id))) continue;
      if (now === undefined) this.things.delete(id);
      else this.things.set(id, now);
      this.#untold.add(id);
    }
  }

  reset(ids: Iterable<string>): void {
    this.update(new Set([...ids, ...this.things.keys()]));
  }

  takeUntold(): { set: Thing[]; remove: string[] } | undefined {
    if (this.#untold.size === 0) return undefined;
    const [set, remove]: [Thing[], string[]] = [[], []];
    for (const id of this.#untold) {
      const thing = this.things.get(id);
      if (thing === undefined) remove.push(id);
      else set.push(thing);
    }
    this.#untold = new Set();
    return { set, remove };
  }
}

export interface ClusterBook extends ClusterPictures {
  cluster(): Cluster;
}

export function createClusterBook(
  state: ClusterState,
  follower: () => Pick<ClusterFollower, 'leader' | 'masters' | 'problem' | 'asOfMs'>,
): ClusterBook {
  const agents = new Shown((id) => showAgent(state, id));
  const frameworks = new Shown((id) => showFramework(state, id));
  const roles = new Shown((name) => showRole(state, name));
  let told: ClusterSummary | undefined;

  const bringUpToDate = () => {
    const changes = state.takeChanges();
    if (changes.reset) {
      agents.reset(state.agents.keys());
      frameworks.reset(state.frameworks.keys());
      roles.reset(state.roleNames());
      return;
    }
    agents.update(changes.agents);
    frameworks.update(changes.frameworks);
    roles.update(changes.roles);
  };
  const summary = () => summarise(state, follower(), agents.things.values());

  const cluster = (): Cluster => {
    bringUpToDate();
    return {
      ...summary(),
      agentList: [...agents.things.values()],
      frameworkList: [...frameworks.things.values()],
      roleList: [...roles.things.values()],
    };
  };

  return {
    cluster,
    whole() {
      const { agentList, frameworkList, roleList, ...rest } = cluster();
      return {
        ...{ reset: true, summary: rest },
        agents: { set: agentList, remove: [] },
        frameworks: { set: frameworkList, remove: [] },
        roles: { set: roleList, remove: [] },
      };
    },
    difference(): ClusterDifference | undefined {
      bringUpToDate();
      const now = summary();
      // The time of the last word alone is no news.
      const isNews = told === undefined || !isDeepStrictEqual({ ...told, asOfMs: 0 }, { ...now, asOfMs: 0 });
      if (isNews) told = now;
      const parts = {
        ...{ agents: agents.takeUntold(), frameworks: frameworks.takeUntold(), roles: roles.takeUntold() },
        summary: isNews ? now : undefined,
      };
      const said = Object.entries(parts).filter(([, part]) => part !== undefined);
      return said.length === 0 ? undefined : Object.fromEntries(said);
    },
  };
}
