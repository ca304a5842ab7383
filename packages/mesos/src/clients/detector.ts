import { type Clock, sleep, systemClock } from '@orchestrator/runtime/clock';
import { type Dispatcher, request } from 'undici';
import type { MasterInfoValid } from '../generated/mesos/v1/cluster_pb.ts';

/** A leading master: where its API is, and what it has published of itself if that is known. */
export interface Leader {
  host: string;
  port: number;
  info?: MasterInfoValid;
}

/** Says who leads. One on ZooKeeper watches the masters' znodes; the one here asks a list of masters. */
export interface MasterDetector {
  /**
   * Resolves as soon as the leader is another than `previous`; undefined: nobody leads. Rejects with the reason of the
   * signal.
   */
  detect(previous: Leader | undefined, signal?: AbortSignal): Promise<Leader | undefined>;
}

/** The same master in the same term of office. */
export function equalLeaders(left: Leader | undefined, right: Leader | undefined): boolean {
  return left?.host === right?.host && left?.port === right?.port && left?.info?.id === right?.info?.id;
}

/** Always the same master: for a cluster of one, and for tests. */
export function createFixedDetector(leader: Leader): MasterDetector {
  return {
    detect(previous, signal) {
      signal?.throwIfAborted();
      if (!equalLeaders(previous, leader)) return Promise.resolve(leader);
      return new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    },
  };
}

export interface HostListDetectorOptions {
  /** `host:port` of the masters. */
  masters: readonly string[];
  scheme?: 'http' | 'https';
  /** Between two rounds of questions. Default 1 000. */
  intervalMs?: number;
  /** For one master to answer. Default 2 000. */
  timeoutMs?: number;
  dispatcher?: Dispatcher;
  clock?: Clock;
}

/** Asks the masters in turn who leads (`/redirect`), until one of them knows. */
export function createHostListDetector(options: HostListDetectorOptions): MasterDetector {
  const {
    masters,
    scheme = 'http',
    intervalMs = 1_000,
    timeoutMs = 2_000,
    dispatcher,
    clock = systemClock,
  } = options;
  if (masters.length === 0) throw new RangeError('a list of masters without any');

  async function ask(master: string, signal: AbortSignal | undefined): Promise<Leader | undefined> {
    const { statusCode, headers, body } = await request(`${scheme}://${master}/redirect`, {
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      ...(signal === undefined ? {} : { signal }),
      ...(dispatcher === undefined ? {} : { dispatcher }),
    });
    await body.dump();
    if (statusCode !== 307 || typeof headers.location !== 'string') return undefined;
    const { hostname, port } = new URL(headers.location, `${scheme}://${master}`);
    return { host: hostname, port: Number(port || (scheme === 'https' ? 443 : 80)) };
  }

  /** One round; a master that cannot be asked counts as one that knows nobody. */
  async function round(signal: AbortSignal | undefined): Promise<Leader | undefined> {
    for (const master of masters) {
      const leader = await ask(master, signal).catch(() => undefined);
      signal?.throwIfAborted();
      if (leader !== undefined) return leader;
    }
    return undefined;
  }

  return {
    async detect(previous, signal) {
      while (true) {
        signal?.throwIfAborted();
        const leader = await round(signal);
        if (!equalLeaders(leader, previous)) return leader;
        await sleep(clock, intervalMs, signal);
      }
    },
  };
}
