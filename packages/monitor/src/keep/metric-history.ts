/** Metrics of the past: means, least and most per minute for hours, per ten minutes for days. */
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Report } from '@orchestrator/report';

export interface HistoryPoint {
  readonly atMs: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

export interface MetricHistoryLimits {
  /** Metrics of nodes with samples at once; further ones are not kept. */
  readonly series: number;
  /** Of the coarse resolution; the fine one reaches back `fineMs`. */
  readonly keptMs: number;
  /** Rows of all series; the oldest go first. */
  readonly samples: number;
}

export interface MetricHistory {
  /** Takes the present values; writes what is complete. */
  take(report: Report, nowMs: number): Promise<void>;
  /** In the finest resolution that reaches back to `fromMs`. */
  read(
    nodeId: string,
    metric: string,
    fromMs: number,
    toMs: number,
  ): { resolutionMs: number; points: HistoryPoint[] };
}

/** The kinds of nodes whose metrics are worth days; processes come and go by the thousand. */
const kept = ['host', 'container', 'pod', 'mesos_agent', 'mesos_task', 'mesos_framework', 'zookeeper'];
const resolutionsMs = [60_000, 600_000] as const;
const [fineMs, coarseMs] = resolutionsMs;
/** How far back the fine resolution reaches. */
const fineKeptMs = 3 * 3_600_000;
const rowsPerTurn = 500;
const maxPoints = 5_000;

interface Bucket {
  count: number;
  sum: number;
  min: number;
  max: number;
}

/** One resolution's present bucket of every series. */
class Buckets {
  readonly resolutionMs: number;
  startMs = 0;
  series = new Map<string, Bucket>();

  constructor(resolutionMs: number) {
    this.resolutionMs = resolutionMs;
  }

  /** The complete bucket, if `nowMs` is in another one. */
  turn(nowMs: number): { startMs: number; series: Map<string, Bucket> } | undefined {
    const startMs = nowMs - (nowMs % this.resolutionMs);
    if (startMs === this.startMs) return undefined;
    const complete = { startMs: this.startMs, series: this.series };
    this.startMs = startMs;
    this.series = new Map();
    return complete.series.size === 0 ? undefined : complete;
  }

  add(key: string, value: number, limit: number): void {
    const known = this.series.get(key);
    if (known === undefined) {
      if (this.series.size < limit) this.series.set(key, { count: 1, sum: value, min: value, max: value });
      return;
    }
    known.count++;
    known.sum += value;
    known.min = Math.min(known.min, value);
    known.max = Math.max(known.max, value);
  }
}

const separator = '\n';

export function createMetricHistory(database: DatabaseSync, limits: MetricHistoryLimits): MetricHistory {
  const all = resolutionsMs.map((resolutionMs) => new Buckets(resolutionMs));
  const addSeries = database.prepare('INSERT OR IGNORE INTO series (node, metric) VALUES (?, ?)');
  const findSeries = database.prepare('SELECT id FROM series WHERE node = ? AND metric = ?');
  const addSample = database.prepare(
    `INSERT OR REPLACE INTO samples (resolution_ms, bucket_ms, series, count, sum, min, max) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const dropOlder = database.prepare('DELETE FROM samples WHERE resolution_ms = ? AND bucket_ms < ?');
  const dropUnused = database.prepare('DELETE FROM series WHERE id NOT IN (SELECT series FROM samples)');
  const count = database.prepare('SELECT count(*) AS count FROM samples');
  const oldest = database.prepare('SELECT min(bucket_ms) AS ms FROM samples WHERE resolution_ms = ?');
  const select = database.prepare(
    `SELECT bucket_ms, count, sum, min, max FROM samples
     WHERE series = ? AND resolution_ms = ? AND bucket_ms BETWEEN ? AND ? ORDER BY bucket_ms LIMIT ${maxPoints}`,
  );

  const write = async (resolutionMs: number, startMs: number, series: Map<string, Bucket>) => {
    const rows = [...series];
    for (let first = 0; first < rows.length; first += rowsPerTurn) {
      database.exec('BEGIN');
      for (const [key, bucket] of rows.slice(first, first + rowsPerTurn)) {
        const [node = '', metric = ''] = key.split(separator, 2);
        addSeries.run(node, metric);
        const id = Number(findSeries.get(node, metric)?.id);
        addSample.run(resolutionMs, startMs, id, bucket.count, bucket.sum, bucket.min, bucket.max);
      }
      database.exec('COMMIT');
      await nextTurn();
    }
  };

  const prune = (nowMs: number) => {
    dropOlder.run(fineMs, nowMs - fineKeptMs);
    dropOlder.run(coarseMs, nowMs - limits.keptMs);
    while (Number(count.get()?.count) > limits.samples) {
      const from = Number(oldest.get(coarseMs)?.ms ?? 0);
      // An hour at a time; once there is nothing coarse left, the fine samples go.
      if (from > 0) dropOlder.run(coarseMs, from + 3_600_000);
      else dropOlder.run(fineMs, Number(oldest.get(fineMs)?.ms ?? 0) + coarseMs);
    }
    dropUnused.run();
  };

  return {
    async take(report, nowMs) {
      for (const buckets of all) {
        const complete = buckets.turn(nowMs);
        if (complete === undefined) continue;
        await write(buckets.resolutionMs, complete.startMs, complete.series);
        if (buckets.resolutionMs === coarseMs) prune(nowMs);
      }
      for (const topology of kept) {
        for (const [id, node] of report.topologies.get(topology)?.nodes ?? []) {
          for (const [metric, { values }] of node.metrics) {
            const value = values.at(-1);
            if (value === undefined) continue;
            for (const buckets of all) buckets.add(`${id}${separator}${metric}`, value, limits.series);
          }
        }
      }
    },
    read(nodeId, metric, fromMs, toMs) {
      const id = findSeries.get(nodeId, metric)?.id;
      const [fine] = all;
      const newestMs = fine?.startMs ?? 0;
      const resolutionMs = fromMs >= newestMs - fineKeptMs ? fineMs : coarseMs;
      if (id === undefined) return { resolutionMs, points: [] };
      const points = select.all(Number(id), resolutionMs, fromMs - resolutionMs, toMs).map((row) => ({
        atMs: Number(row.bucket_ms),
        mean: Number(row.sum) / Number(row.count),
        min: Number(row.min),
        max: Number(row.max),
      }));
      return { resolutionMs, points };
    },
  };
}
