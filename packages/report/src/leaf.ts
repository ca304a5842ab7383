/**
 * The smallest part of a report: a value with the time at which it was written. The later one wins; at the same time a
 * removal wins, then the greater value, so that every order of merging gives the same.
 */
export interface Leaf<Value> {
  /** Milliseconds since 1970, by the writer's clock. */
  readonly timeMs: number;
  /** Undefined: removed at `timeMs`. */
  readonly value: Value | undefined;
}

/** Leaves by their key. */
export type Leaves<Value> = ReadonlyMap<string, Leaf<Value>>;
/** Leaves by group and key: the elements of named sets, the parts of named counters. */
export type Groups<Value> = ReadonlyMap<string, Leaves<Value>>;
/** Negative if `a` is the lesser value. */
export type Order<Value> = (a: Value, b: Value) => number;

export const textOrder: Order<string> = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
export const numberOrder: Order<number> = (a, b) => a - b;
/** Of elements that are there or not: those that are there are equal. */
export const presenceOrder: Order<true> = () => 0;

const none: Leaves<never> = new Map<string, Leaf<never>>();
const noGroups: Groups<never> = new Map<string, Leaves<never>>();

export const noLeaves = <Value>(): Leaves<Value> => none;
export const noLeafGroups = <Value>(): Groups<Value> => noGroups;

/** True if `b` changes something where `a` stands. */
function wins<Value>(a: Leaf<Value> | undefined, b: Leaf<Value>, order: Order<Value>): boolean {
  if (a === undefined) return true;
  if (a === b) return false;
  if (a.timeMs !== b.timeMs) return b.timeMs > a.timeMs;
  if (a.value === undefined) return false;
  return b.value === undefined || order(b.value, a.value) > 0;
}

/** Both maps' leaves that are later than `afterMs`, the winner where both have one; `a` itself if that is the outcome. */
export function mergeLeaves<Value>(
  a: Leaves<Value>,
  b: Leaves<Value>,
  order: Order<Value>,
  afterMs: number,
): Leaves<Value> {
  const kept = leavesAfter(a, afterMs);
  if (b.size === 0 || a === b) return kept;
  if (kept.size === 0) return leavesAfter(b, afterMs);
  let merged: Map<string, Leaf<Value>> | undefined;
  for (const [key, leaf] of b) {
    if (leaf.timeMs <= afterMs || !wins(kept.get(key), leaf, order)) continue;
    merged ??= new Map(kept);
    merged.set(key, leaf);
  }
  return merged ?? kept;
}

/** The leaves of `b` that change something in `a`. */
export function diffLeaves<Value>(a: Leaves<Value>, b: Leaves<Value>, order: Order<Value>): Leaves<Value> {
  if (a === b || b.size === 0) return none;
  if (a.size === 0) return b;
  let changed: Map<string, Leaf<Value>> | undefined;
  for (const [key, leaf] of b) {
    if (!wins(a.get(key), leaf, order)) continue;
    changed ??= new Map();
    changed.set(key, leaf);
  }
  return changed ?? none;
}

/** Without what was written at `afterMs` or before; the same map if all of it is later. */
export function leavesAfter<Value>(leaves: Leaves<Value>, afterMs: number): Leaves<Value> {
  return keepLeaves(leaves, (leaf) => leaf.timeMs > afterMs);
}

/** Those that `keep` says yes to; the same map if these are all. */
export function keepLeaves<Value>(
  leaves: Leaves<Value>,
  keep: (leaf: Leaf<Value>) => boolean,
): Leaves<Value> {
  let kept: Map<string, Leaf<Value>> | undefined;
  for (const [key, leaf] of leaves) {
    if (keep(leaf)) continue;
    kept ??= new Map(leaves);
    kept.delete(key);
  }
  if (kept === undefined) return leaves;
  return kept.size === 0 ? none : kept;
}

export function mergeGroups<Value>(
  a: Groups<Value>,
  b: Groups<Value>,
  order: Order<Value>,
  afterMs: number,
): Groups<Value> {
  const kept = mapGroups(a, (leaves) => leavesAfter(leaves, afterMs));
  if (b.size === 0 || a === b) return kept;
  let merged: Map<string, Leaves<Value>> | undefined;
  for (const [group, leaves] of b) {
    const before = kept.get(group) ?? none;
    const after = mergeLeaves(before, leaves, order, afterMs);
    if (after === before) continue;
    merged ??= new Map(kept);
    merged.set(group, after);
  }
  return merged ?? kept;
}

export function diffGroups<Value>(a: Groups<Value>, b: Groups<Value>, order: Order<Value>): Groups<Value> {
  if (a === b || b.size === 0) return noGroups;
  let changed: Map<string, Leaves<Value>> | undefined;
  for (const [group, leaves] of b) {
    const difference = diffLeaves(a.get(group) ?? none, leaves, order);
    if (difference.size === 0) continue;
    changed ??= new Map();
    changed.set(group, difference);
  }
  return changed ?? noGroups;
}

/** Groups with each one's leaves replaced; empty ones are left out, and the same map is given if nothing changes. */
export function mapGroups<Value>(
  groups: Groups<Value>,
  change: (leaves: Leaves<Value>) => Leaves<Value>,
): Groups<Value> {
  let changed: Map<string, Leaves<Value>> | undefined;
  for (const [group, leaves] of groups) {
    const after = change(leaves);
    if (after === leaves && after.size > 0) continue;
    changed ??= new Map(groups);
    if (after.size === 0) changed.delete(group);
    else changed.set(group, after);
  }
  if (changed === undefined) return groups;
  return changed.size === 0 ? noGroups : changed;
}
