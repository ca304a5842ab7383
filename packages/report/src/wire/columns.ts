/** A node's leaves as packed columns and back. */
import { create } from '@bufbuild/protobuf';
import type { Edge } from '../edge.ts';
import { ReportError } from '../errors.ts';
import {
  type CounterColumns,
  CounterColumnsSchema,
  type EdgeColumns,
  EdgeColumnsSchema,
  type GroupColumns,
  GroupColumnsSchema,
  type LeafColumns,
  LeafColumnsSchema,
  type MetricColumns,
  MetricColumnsSchema,
} from '../gen/orchestrator/monitor/v1/report_pb.ts';
import { type Groups, type Leaf, type Leaves, noLeafGroups, noLeaves } from '../leaf.ts';
import { type Metric, type Metrics, noMetrics, unknownRange } from '../metric.ts';
import type { StringReader, StringWriter, TimeWriter } from './tables.ts';

export interface ColumnWriter {
  readonly strings: StringWriter;
  readonly times: TimeWriter;
}

export interface ColumnReader {
  readonly strings: StringReader;
  readonly times: readonly number[];
  readonly leavesPerNode: number;
}

/** Every column of a table has a value for each of its rows. */
function checkRows(what: string, reader: ColumnReader, rows: number, ...columns: { length: number }[]): void {
  if (rows > reader.leavesPerNode) {
    throw new ReportError(`a node has ${rows} ${what}, more than ${reader.leavesPerNode}`, { code: 'limit' });
  }
  const short = columns.find((column) => column.length !== rows);
  if (short !== undefined) {
    throw new ReportError(`a column of ${what} has ${short.length} rows where others have ${rows}`, {
      code: 'invalid',
    });
  }
}

function timeAt(reader: ColumnReader, index: number | undefined): number {
  const timeMs = reader.times[index ?? -1];
  if (timeMs === undefined || !Number.isFinite(timeMs)) {
    throw new ReportError(`time ${index} is not in a table of ${reader.times.length}`, { code: 'invalid' });
  }
  return timeMs;
}

const cell = (column: readonly number[], row: number): number => column[row] ?? 0;

export function writeLeaves(
  { strings, times }: ColumnWriter,
  leaves: Leaves<string>,
): LeafColumns | undefined {
  if (leaves.size === 0) return undefined;
  const columns = create(LeafColumnsSchema);
  for (const [key, leaf] of leaves) {
    columns.keys.push(strings.number(key));
    columns.times.push(times.index(leaf.timeMs));
    columns.values.push(leaf.value === undefined ? 0 : strings.number(leaf.value) + 1);
  }
  return columns;
}

export function readLeaves(reader: ColumnReader, columns: LeafColumns | undefined): Leaves<string> {
  if (columns === undefined) return noLeaves();
  const { keys, times, values } = columns;
  checkRows('leaves', reader, keys.length, times, values);
  const leaves = new Map<string, Leaf<string>>();
  for (let row = 0; row < keys.length; row++) {
    const value = cell(values, row);
    leaves.set(reader.strings.text(cell(keys, row)), {
      timeMs: timeAt(reader, times[row]),
      value: value === 0 ? undefined : reader.strings.text(value - 1),
    });
  }
  return leaves;
}

/** Of elements that are there or not. */
export function writeElements(
  { strings, times }: ColumnWriter,
  leaves: Leaves<true>,
): LeafColumns | undefined {
  if (leaves.size === 0) return undefined;
  const columns = create(LeafColumnsSchema);
  for (const [key, leaf] of leaves) {
    columns.keys.push(strings.number(key));
    columns.times.push(times.index(leaf.timeMs));
    columns.values.push(leaf.value === undefined ? 0 : 1);
  }
  return columns;
}

export function readElements(reader: ColumnReader, columns: LeafColumns | undefined): Leaves<true> {
  if (columns === undefined) return noLeaves();
  const { keys, times, values } = columns;
  checkRows('elements', reader, keys.length, times, values);
  return new Map(
    keys.map((key, row) => [
      reader.strings.text(key),
      { timeMs: timeAt(reader, times[row]), value: cell(values, row) === 0 ? undefined : true },
    ]),
  );
}

export function writeGroups(
  { strings, times }: ColumnWriter,
  groups: Groups<true>,
): GroupColumns | undefined {
  if (groups.size === 0) return undefined;
  const columns = create(GroupColumnsSchema);
  for (const [group, leaves] of groups) {
    for (const [key, leaf] of leaves) {
      columns.groups.push(strings.number(group));
      columns.keys.push(strings.number(key));
      columns.times.push(times.index(leaf.timeMs));
      columns.values.push(leaf.value === undefined ? 0 : 1);
    }
  }
  return columns;
}

/** Puts a row into the group it names. */
function addRow<Value>(
  groups: Map<string, Map<string, Leaf<Value>>>,
  group: string,
  key: string,
  leaf: Leaf<Value>,
): void {
  const leaves = groups.get(group);
  if (leaves === undefined) groups.set(group, new Map([[key, leaf]]));
  else leaves.set(key, leaf);
}

export function readGroups(reader: ColumnReader, columns: GroupColumns | undefined): Groups<true> {
  if (columns === undefined) return noLeafGroups();
  const { groups: names, keys, times, values } = columns;
  checkRows('elements of sets', reader, keys.length, names, times, values);
  const groups = new Map<string, Map<string, Leaf<true>>>();
  for (let row = 0; row < keys.length; row++) {
    addRow(groups, reader.strings.text(cell(names, row)), reader.strings.text(cell(keys, row)), {
      timeMs: timeAt(reader, times[row]),
      value: cell(values, row) === 0 ? undefined : true,
    });
  }
  return groups;
}

export function writeCounters(
  { strings, times }: ColumnWriter,
  counters: Groups<number>,
): CounterColumns | undefined {
  if (counters.size === 0) return undefined;
  const columns = create(CounterColumnsSchema);
  for (const [group, leaves] of counters) {
    for (const [key, leaf] of leaves) {
      columns.groups.push(strings.number(group));
      columns.keys.push(strings.number(key));
      columns.times.push(times.index(leaf.timeMs));
      columns.values.push(leaf.value ?? 0);
    }
  }
  return columns;
}

export function readCounters(reader: ColumnReader, columns: CounterColumns | undefined): Groups<number> {
  if (columns === undefined) return noLeafGroups();
  const { groups: names, keys, times, values } = columns;
  checkRows('counts', reader, keys.length, names, times, values);
  const groups = new Map<string, Map<string, Leaf<number>>>();
  for (let row = 0; row < keys.length; row++) {
    addRow(groups, reader.strings.text(cell(names, row)), reader.strings.text(cell(keys, row)), {
      timeMs: timeAt(reader, times[row]),
      value: cell(values, row),
    });
  }
  return groups;
}

export function writeEdges({ strings, times }: ColumnWriter, edges: Leaves<Edge>): EdgeColumns | undefined {
  if (edges.size === 0) return undefined;
  const columns = create(EdgeColumnsSchema);
  for (const [key, { timeMs, value }] of edges) {
    columns.keys.push(strings.number(key));
    columns.times.push(times.index(timeMs));
    columns.present.push(value === undefined ? 0 : 1);
    if (value === undefined) continue;
    columns.connections.push(value.connections);
    columns.opened.push(value.opened);
    columns.sentBytesPerS.push(value.sentBytesPerS);
    columns.receivedBytesPerS.push(value.receivedBytesPerS);
  }
  return columns;
}

export function readEdges(reader: ColumnReader, columns: EdgeColumns | undefined): Leaves<Edge> {
  if (columns === undefined) return noLeaves();
  const { keys, times, present, connections, opened, sentBytesPerS, receivedBytesPerS } = columns;
  checkRows('edges', reader, keys.length, times, present);
  const there = present.filter((value) => value !== 0).length;
  checkRows('present edges', reader, there, connections, opened, sentBytesPerS, receivedBytesPerS);
  const edges = new Map<string, Leaf<Edge>>();
  let next = 0;
  for (let row = 0; row < keys.length; row++) {
    const at = cell(present, row) === 0 ? undefined : next++;
    const value =
      at === undefined
        ? undefined
        : {
            connections: cell(connections, at),
            opened: cell(opened, at),
            sentBytesPerS: cell(sentBytesPerS, at),
            receivedBytesPerS: cell(receivedBytesPerS, at),
          };
    edges.set(reader.strings.text(cell(keys, row)), { timeMs: timeAt(reader, times[row]), value });
  }
  return edges;
}

export function writeMetrics({ strings, times }: ColumnWriter, metrics: Metrics): MetricColumns | undefined {
  if (metrics.size === 0) return undefined;
  const columns = create(MetricColumnsSchema);
  for (const [key, { timesMs, values, range }] of metrics) {
    columns.keys.push(strings.number(key));
    // Most frames repeat no range, and what is not known needs no columns.
    columns.rangeTimes.push(range.timeMs === 0 ? 0 : times.index(range.timeMs) + 1);
    if (range.timeMs !== 0) {
      columns.mins.push(range.min);
      columns.maxes.push(range.max);
    }
    columns.counts.push(timesMs.length);
    for (const timeMs of timesMs) columns.sampleTimes.push(times.index(timeMs));
    columns.sampleValues.push(...values);
  }
  return columns;
}

export function readMetrics(reader: ColumnReader, columns: MetricColumns | undefined): Metrics {
  if (columns === undefined) return noMetrics();
  const { keys, rangeTimes, mins, maxes, counts, sampleTimes, sampleValues } = columns;
  checkRows('metrics', reader, keys.length, rangeTimes, counts);
  const samples = counts.reduce((sum, count) => sum + count, 0);
  checkRows('samples', reader, samples, sampleTimes, sampleValues);
  const ranges = rangeTimes.filter((value) => value !== 0).length;
  checkRows('ranges', reader, ranges, mins, maxes);
  const metrics = new Map<string, Metric>();
  let [sample, range] = [0, 0];
  for (let row = 0; row < keys.length; row++) {
    const end = sample + cell(counts, row);
    const timesMs = sampleTimes.slice(sample, end).map((index) => timeAt(reader, index));
    if (timesMs.some((timeMs, index) => index > 0 && timeMs <= (timesMs[index - 1] ?? 0))) {
      throw new ReportError('the samples of a metric are not in the order of time', { code: 'invalid' });
    }
    const rangeTime = cell(rangeTimes, row);
    const known =
      rangeTime === 0
        ? unknownRange
        : {
            timeMs: timeAt(reader, rangeTime - 1),
            min: mins[range] ?? Number.NaN,
            max: maxes[range] ?? Number.NaN,
          };
    if (rangeTime !== 0) range++;
    metrics.set(reader.strings.text(cell(keys, row)), {
      timesMs,
      values: sampleValues.slice(sample, end),
      range: known,
    });
    sample = end;
  }
  return metrics;
}
