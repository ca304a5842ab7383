/** Metrics of what is seen, written to Prometheus and what understands its remote write: protobuf in Snappy. */
import type { Report } from '@orchestrator/report';
import type { Logger } from '@orchestrator/runtime';
import { type Clock, sleep, type Timer } from '@orchestrator/runtime/clock';
import { compress } from 'snappyjs';
import { request } from 'undici';
import { textOf } from '../view/lineage.ts';
import { encodeSeries, type Series } from './write-request.ts';

export interface RemoteWriteOptions {
  readonly url: string;
  /** Whole value of the Authorization header. */
  readonly authorization?: string;
  readonly everyMs: number;
  /** Given to every series. */
  readonly labels: Readonly<Record<string, string>>;
  readonly report: () => Report;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface RemoteWrite {
  /** Since the start. */
  readonly written: number;
  readonly dropped: number;
  close(): Promise<void>;
}

/** The kinds of nodes whose metrics are written; processes come and go by the thousand. */
const kinds = ['host', 'container', 'pod', 'mesos_agent', 'mesos_task', 'mesos_framework', 'zookeeper'];
const seriesPerRequest = 2_000;
/** Of one round. */
const maxSeries = 200_000;
const timeoutMs = 10_000;
/** A round that is not taken is tried so often, and then given up: the next one is as good. */
const attempts = 3;
const retryMs = 500;

const nameKeys: Readonly<Record<string, string>> = { host: 'host_name', container: 'docker_container_name' };
const metricName = (id: string) => `orchestrator_${id.replace(/[^A-Za-z0-9_]/g, '_')}`;

function* seriesOf(report: Report, labels: Readonly<Record<string, string>>): Generator<Series> {
  for (const kind of kinds) {
    for (const [id, node] of report.topologies.get(kind)?.nodes ?? []) {
      const [plainId = id] = id.split(';<', 1);
      const name = textOf(node, nameKeys[kind] ?? 'name') || textOf(node, 'label') || plainId;
      const host = textOf(node, 'host_node_id').split(';', 1)[0] ?? '';
      for (const [metric, { timesMs, values }] of node.metrics) {
        const [timeMs, value] = [timesMs.at(-1), values.at(-1)];
        if (timeMs === undefined || value === undefined) continue;
        const own = { __name__: metricName(metric), kind, id: plainId, name: name.replace(/^\//, ''), host };
        yield { labels: { ...labels, ...own }, timeMs, value };
      }
    }
  }
}

export function startRemoteWrite(options: RemoteWriteOptions): RemoteWrite {
  const { url, authorization, everyMs, labels, clock, logger } = options;
  const closing = new AbortController();
  let [written, dropped] = [0, 0];
  let timer: Timer | undefined;
  let work: Promise<void> = Promise.resolve();
  /** When each series was written last, so that what stands still is not written again. */
  let told = new Map<string, number>();

  /** @throws Error if it may be taken later */
  const post = async (series: readonly Series[]): Promise<boolean> => {
    const body = Buffer.from(compress(encodeSeries(series)));
    const { statusCode, body: answer } = await request(url, {
      ...{ method: 'POST', body, headersTimeout: timeoutMs, bodyTimeout: timeoutMs, signal: closing.signal },
      headers: {
        ...{ 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' },
        'x-prometheus-remote-write-version': '0.1.0',
        ...(authorization === undefined ? {} : { authorization }),
      },
    });
    const text = (await answer.text()).slice(0, 300);
    if (statusCode < 300) return true;
    if (statusCode >= 500 || statusCode === 429) throw new Error(`answered ${statusCode}: ${text}`);
    logger.warn('metrics are refused by remote write', { status: statusCode, text });
    return false;
  };

  const send = async (series: readonly Series[]): Promise<void> => {
    for (let attempt = 1; attempt <= attempts && !closing.signal.aborted; attempt++) {
      try {
        if (!(await post(series))) break;
        written += series.length;
        return;
      } catch (error) {
        logger.debug('metrics were not written', { attempt, error });
        // Closing ends the wait, and the loop.
        await sleep(clock, attempt * retryMs, closing.signal).catch(() => undefined);
      }
    }
    dropped += series.length;
  };

  const round = async () => {
    const fresh = new Map<string, number>();
    let batch: Series[] = [];
    for (const series of seriesOf(options.report(), labels)) {
      if (fresh.size >= maxSeries || closing.signal.aborted) break;
      const key = `${series.labels.__name__} ${series.labels.kind} ${series.labels.id}`;
      fresh.set(key, series.timeMs);
      if (told.get(key) === series.timeMs) continue;
      batch.push(series);
      if (batch.length < seriesPerRequest) continue;
      await send(batch);
      batch = [];
    }
    if (batch.length > 0) await send(batch);
    told = fresh;
  };

  const again = () => {
    work = round()
      .catch((error: unknown) => logger.error('metrics could not be written', { error }))
      .then(() => {
        if (!closing.signal.aborted) timer = clock.after(everyMs, again, { background: true });
      });
  };
  timer = clock.after(everyMs, again, { background: true });

  return {
    get written() {
      return written;
    },
    get dropped() {
      return dropped;
    },
    async close() {
      closing.abort();
      timer?.cancel();
      await work;
    },
  };
}
