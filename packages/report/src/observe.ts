import { type Edge, edgeOrder } from './edge.ts';
import { type Groups, type Leaf, type Leaves, noLeaves, numberOrder, textOrder } from './leaf.ts';
import { addSample, type Metric, type Metrics } from './metric.ts';
import { emptyNode, isAlive, type ReportNode } from './node.ts';
import { emptyTopology, type Topology } from './report.ts';
import { type Template, templateKey } from './template.ts';

/** One reading of a metric. */
export interface Reading {
  readonly value: number;
  readonly min?: number;
  readonly max?: number;
}

/** A node as it is seen now, without times. What is left out is not there. */
export interface Sighting {
  /** Undefined values are left out. */
  readonly latest?: Readonly<Record<string, string | undefined>>;
  readonly sets?: Readonly<Record<string, Iterable<string>>>;
  readonly parents?: Readonly<Record<string, Iterable<string>>>;
  readonly controls?: Iterable<string>;
  /** Counts by name, of this writer, since the node is known. */
  readonly counters?: Readonly<Record<string, number>>;
  readonly edges?: ReadonlyMap<string, Edge>;
}

/** A reading that repeats the last value is left out unless that one is older than this, so that idle things cost nothing. */
export const repeatSampleAfterMs = 60_000;

/** `seen` as leaves: unchanged ones keep their time, what is no longer seen is marked as removed. */
function observeLeaves<Value>(
  before: Leaves<Value>,
  seen: ReadonlyMap<string, Value>,
  timeMs: number,
  isSame: (a: Value, b: Value) => boolean,
): Leaves<Value> {
  let changed: Map<string, Leaf<Value>> | undefined;
  const set = (key: string, value: Value | undefined) => {
    changed ??= new Map(before);
    // A change within one millisecond, or after the clock was set back, is later than what it changes all the same.
    const afterMs = before.get(key)?.timeMs ?? Number.NEGATIVE_INFINITY;
    changed.set(key, { timeMs: Math.max(timeMs, afterMs + 1), value });
  };
  for (const [key, value] of seen) {
    const known = before.get(key)?.value;
    if (known === undefined || !isSame(known, value)) set(key, value);
  }
  for (const [key, leaf] of before) {
    if (leaf.value !== undefined && !seen.has(key)) set(key, undefined);
  }
  return changed ?? before;
}

function observeGroups(
  before: Groups<true>,
  seen: Readonly<Record<string, Iterable<string>>> | undefined,
  timeMs: number,
): Groups<true> {
  let changed: Map<string, Leaves<true>> | undefined;
  const names = new Set([...Object.keys(seen ?? {}), ...before.keys()]);
  for (const name of names) {
    const known = before.get(name) ?? noLeaves<true>();
    const elements = new Map(Array.from(seen?.[name] ?? [], (element) => [element, true as const]));
    const after = observeLeaves(known, elements, timeMs, () => true);
    if (after === known) continue;
    changed ??= new Map(before);
    changed.set(name, after);
  }
  return changed ?? before;
}

/** A count that went down began anew, so its leaf gets a new time. */
function observeCounters(
  before: Groups<number>,
  seen: Readonly<Record<string, number>> | undefined,
  writer: string,
  timeMs: number,
): Groups<number> {
  if (seen === undefined) return before;
  let changed: Map<string, Leaves<number>> | undefined;
  for (const [name, value] of Object.entries(seen)) {
    const counts = before.get(name) ?? noLeaves<number>();
    const known = counts.get(writer);
    if (known?.value === value) continue;
    const goesOn = known?.value !== undefined && numberOrder(value, known.value) > 0;
    changed ??= new Map(before);
    changed.set(name, new Map(counts).set(writer, { timeMs: goesOn ? known.timeMs : timeMs, value }));
  }
  return changed ?? before;
}

const definedEntries = (record: Readonly<Record<string, string | undefined>> | undefined) => {
  const entries = new Map<string, string>();
  for (const key in record) {
    const value = record[key];
    if (value !== undefined) entries.set(key, value);
  }
  return entries;
};

/**
 * The node after a sighting at `seenMs`: only what differs from before gets the new time. `writer` keeps this writer's
 * counts apart from others'. `before` itself if nothing differs.
 */
export function observeNode(
  before: ReportNode | undefined,
  seen: Sighting,
  seenMs: number,
  writer: string,
): ReportNode {
  const reborn = before === undefined || !isAlive(before);
  const base = reborn ? { ...emptyNode, removedMs: before?.removedMs ?? 0 } : before;
  const timeMs = Math.max(seenMs, base.removedMs + 1);
  const node: ReportNode = {
    bornMs: reborn ? timeMs : base.bornMs,
    removedMs: base.removedMs,
    latest: observeLeaves(base.latest, definedEntries(seen.latest), timeMs, (a, b) => textOrder(a, b) === 0),
    sets: observeGroups(base.sets, seen.sets, timeMs),
    parents: observeGroups(base.parents, seen.parents, timeMs),
    controls: observeLeaves(
      base.controls,
      new Map(Array.from(seen.controls ?? [], (id) => [id, true as const])),
      timeMs,
      () => true,
    ),
    counters: observeCounters(base.counters, seen.counters, writer, timeMs),
    edges: observeLeaves(
      base.edges,
      seen.edges ?? new Map<string, Edge>(),
      timeMs,
      (a, b) => edgeOrder(a, b) === 0,
    ),
    metrics: base.metrics,
  };
  const same =
    node.bornMs === base.bornMs &&
    node.latest === base.latest &&
    node.sets === base.sets &&
    node.parents === base.parents &&
    node.controls === base.controls &&
    node.counters === base.counters &&
    node.edges === base.edges;
  return same && !reborn ? base : node;
}

/** The node with readings of its metrics; `before` itself if they all repeat what is known. */
export function observeMetrics(
  before: ReportNode,
  readings: Readonly<Record<string, Reading | undefined>>,
  timeMs: number,
): ReportNode {
  let metrics: Map<string, Metric> | undefined;
  const known: Metrics = before.metrics;
  for (const key in readings) {
    const reading = readings[key];
    if (reading === undefined || !Number.isFinite(reading.value)) continue;
    const metric = known.get(key);
    const lastMs = metric?.timesMs.at(-1) ?? Number.NEGATIVE_INFINITY;
    const repeats = metric?.values.at(-1) === reading.value && timeMs - lastMs < repeatSampleAfterMs;
    if (repeats || timeMs <= lastMs) continue;
    metrics ??= new Map(known);
    metrics.set(key, addSample(metric, timeMs, reading.value, reading.min, reading.max));
  }
  return metrics === undefined ? before : { ...before, metrics };
}

/** A node that is gone: nothing of it is kept but the time. */
export function removedNode(before: ReportNode, timeMs: number): ReportNode {
  // Later than all that was written of it, also by a clock that was set back.
  return { ...emptyNode, bornMs: before.bornMs, removedMs: Math.max(timeMs, before.bornMs) + 1 };
}

/** The topology with these templates; the same object if it has them already. */
export function withTemplates(topology: Topology, templates: readonly Template[]): Topology {
  const missing = templates.filter((template) => !topology.templates.has(templateKey(template)));
  if (missing.length === 0) return topology;
  const all = new Map(topology.templates);
  // Templates are part of a version of the program, not news: the same time everywhere.
  for (const template of missing) all.set(templateKey(template), { timeMs: 1, value: template });
  return { ...topology, templates: all };
}

/** An empty topology with templates. */
export const topologyOf = (templates: readonly Template[]): Topology =>
  withTemplates(emptyTopology, templates);
