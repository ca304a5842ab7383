/** Who holds what, over both ensembles: two holders of one lock at a time are a violation, wherever they took it. */

export interface Exclusion {
  enter(group: string, member: string): void;
  leave(group: string, member: string): void;
  readonly taken: number;
  /** In words, one per violation. */
  readonly violations: readonly string[];
}

export function createExclusion(): Exclusion {
  const holders = new Map<string, Set<string>>();
  const violations: string[] = [];
  let taken = 0;
  return {
    enter(group, member) {
      const present = holders.get(group) ?? new Set();
      if (present.size > 0) violations.push(`${group}: ${member} entered beside ${[...present].join(', ')}`);
      holders.set(group, present.add(member));
      taken++;
    },
    leave: (group, member) => void holders.get(group)?.delete(member),
    get taken() {
      return taken;
    },
    violations,
  };
}
