/**
 * Processes that belong together under a name that somebody else gave, such as the id of a task's container: in the path of their
 * control group, or in what the variables say of their folder. Whoever knows the names asks for them here, and whoever looks at
 * processes finds them.
 */

/** What the processes of a group are part of: ids of nodes by topology. */
export type GroupParents = Readonly<Record<string, readonly string[]>>;

export interface FoundGroup {
  /** The lowest one. */
  readonly pid: number;
  /** It is in a control group of this name, and so in a container. */
  readonly isContained: boolean;
}

export interface ProcessGroups {
  want(groups: ReadonlyMap<string, GroupParents>): void;
  /** By name; empty if nobody asks. */
  readonly wanted: ReadonlyMap<string, GroupParents>;
  tell(found: ReadonlyMap<string, FoundGroup>): void;
  found(name: string): FoundGroup | undefined;
}

export function createProcessGroups(): ProcessGroups {
  let wanted: ReadonlyMap<string, GroupParents> = new Map();
  let known: ReadonlyMap<string, FoundGroup> = new Map();
  return {
    want(groups) {
      wanted = groups;
    },
    get wanted() {
      return wanted;
    },
    tell(found) {
      known = found;
    },
    found: (name) => known.get(name),
  };
}

/** Names under which a process may be known, the innermost first. */
export interface ProcessNames {
  readonly inGroup: readonly string[];
  readonly inVariables: readonly string[];
}

const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
/** Where Mesos runs a task, and in which container. */
const variables = /(?:^|\0)MESOS_(?:SANDBOX|DIRECTORY|CONTAINER_ID|EXECUTOR_CONTAINER_ID)=([^\0]*)/g;

const innermost = (text: string): string[] => [...new Set(text.match(uuid) ?? [])].reverse();

/** `group`: `/proc/<pid>/cgroup`; `environment`: `/proc/<pid>/environ`. */
export const namesOf = (group: string, environment: string): ProcessNames => ({
  inGroup: innermost(group),
  inVariables: [...environment.matchAll(variables)].flatMap(([, value = '']) => innermost(value)),
});

/** The group of those wanted that a process is in. */
export function groupOf(
  { inGroup, inVariables }: ProcessNames,
  wanted: ReadonlyMap<string, GroupParents>,
): { readonly name: string; readonly isContained: boolean } | undefined {
  const contained = inGroup.find((name) => wanted.has(name));
  if (contained !== undefined) return { name: contained, isContained: true };
  const started = inVariables.find((name) => wanted.has(name));
  return started === undefined ? undefined : { name: started, isContained: false };
}
