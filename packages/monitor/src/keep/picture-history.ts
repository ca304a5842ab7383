/** Pictures of everything, to look back at: each a report, zipped, in parts that do not hold the event loop. */
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { deflate, inflate } from 'node:zlib';
import {
  decodeReport,
  emptyReport,
  encodeReport,
  mergeReports,
  type Report,
  type ReportNode,
} from '@orchestrator/report';

const zip = promisify(deflate);
const unzip = promisify(inflate);

export interface PictureLimits {
  readonly keptMs: number;
  /** Of all pictures; the oldest are forgotten first. */
  readonly bytes: number;
}

export interface PictureHistory {
  /** Keeps what is there now; does nothing if it is what was kept last. */
  take(report: Report, nowMs: number): Promise<void>;
  /** What was there at a time: the last picture before it; undefined if none is so old. */
  at(timeMs: number): Promise<Report | undefined>;
  /** Times of the pictures within a span, oldest first. */
  times(fromMs: number, toMs: number): number[];
}

const nodesPerPart = 500;
const partLimitBytes = 64 * 2 ** 20;
/** Reports read last, since a slider moves back and forth. */
const maxRead = 4;
const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000];

/** The report in pieces of a few hundred nodes. Metrics of the past have a history of their own: one sample is enough. */
function* partsOf(report: Report): Generator<Report> {
  for (const [name, { nodes, templates }] of report.topologies) {
    let some = new Map<string, ReportNode>();
    let isFirst = true;
    const part = (): Report => ({
      topologies: new Map([[name, { nodes: some, templates: isFirst ? templates : new Map() }]]),
    });
    for (const [id, node] of nodes) {
      some.set(id, withLastSamples(node));
      if (some.size < nodesPerPart) continue;
      yield part();
      isFirst = false;
      some = new Map();
    }
    if (some.size > 0 || (isFirst && templates.size > 0)) yield part();
  }
  // That there is nothing is worth knowing too.
  if (report.topologies.size === 0) yield report;
}

function withLastSamples(node: ReportNode): ReportNode {
  if (node.metrics.size === 0) return node;
  const metrics = new Map(
    Array.from(node.metrics, ([key, metric]) => [
      key,
      { ...metric, timesMs: metric.timesMs.slice(-1), values: metric.values.slice(-1) },
    ]),
  );
  return { ...node, metrics };
}

export function createPictureHistory(database: DatabaseSync, limits: PictureLimits): PictureHistory {
  const insert = database.prepare('INSERT OR REPLACE INTO pictures (at_ms, part, bytes) VALUES (?, ?, ?)');
  const last = database.prepare('SELECT max(at_ms) AS ms FROM pictures WHERE at_ms <= ?');
  const parts = database.prepare('SELECT bytes FROM pictures WHERE at_ms = ? ORDER BY part');
  const times = database.prepare(
    'SELECT DISTINCT at_ms FROM pictures WHERE at_ms BETWEEN ? AND ? ORDER BY at_ms LIMIT 5000',
  );
  const older = database.prepare('DELETE FROM pictures WHERE at_ms < ?');
  const thin = database.prepare(
    `DELETE FROM pictures WHERE at_ms BETWEEN ? AND ?
     AND at_ms NOT IN (SELECT min(at_ms) FROM pictures WHERE at_ms BETWEEN ? AND ? GROUP BY at_ms / CAST(? AS INTEGER))`,
  );
  const size = database.prepare(
    'SELECT coalesce(sum(length(bytes)), 0) AS bytes, min(at_ms) AS first FROM pictures',
  );
  const read = new Map<number, Report>();
  let taken: Report | undefined;
  let thinnedMs = 0;

  /** Every one for an hour, one in ten minutes for a day, one in an hour after that. */
  const prune = (nowMs: number) => {
    if (nowMs - thinnedMs >= 10 * minuteMs) {
      thinnedMs = nowMs;
      const thinOut = (fromMs: number, toMs: number, everyMs: number) =>
        thin.run(fromMs, toMs, fromMs, toMs, everyMs);
      thinOut(nowMs - dayMs, nowMs - hourMs, 10 * minuteMs);
      thinOut(nowMs - limits.keptMs, nowMs - dayMs - 1, hourMs);
      older.run(nowMs - limits.keptMs);
    }
    for (let found = size.get(); Number(found?.bytes) > limits.bytes; found = size.get()) {
      older.run(Number(found?.first) + 1);
    }
  };

  return {
    async take(report, nowMs) {
      if (report === taken) return;
      taken = report;
      let number = 0;
      const written: [number, Buffer][] = [];
      for (const part of partsOf(report)) {
        const bytes = encodeReport({ probeId: '', full: true, report: part });
        written.push([number++, await zip(bytes)]);
        await nextTurn();
      }
      // All at once, so that nobody ever sees half a picture.
      database.exec('BEGIN');
      for (const [part, bytes] of written) insert.run(nowMs, part, bytes);
      database.exec('COMMIT');
      prune(nowMs);
    },
    async at(timeMs) {
      const atMs = last.get(timeMs)?.ms;
      if (typeof atMs !== 'number') return undefined;
      const known = read.get(atMs);
      if (known !== undefined) return known;
      let report = emptyReport;
      for (const { bytes } of parts.all(atMs)) {
        const plain = await unzip(bytes as Uint8Array, { maxOutputLength: partLimitBytes });
        report = mergeReports(report, decodeReport(plain, { frameBytes: partLimitBytes }).report);
      }
      const [first] = read.keys();
      if (read.size >= maxRead && first !== undefined) read.delete(first);
      read.set(atMs, report);
      return report;
    },
    times: (fromMs, toMs) => times.all(fromMs, toMs).map(({ at_ms }) => Number(at_ms)),
  };
}
