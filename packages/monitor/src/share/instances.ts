/** The other instances that use the same store: each is written there for as long as it lives. */
import { createBackoff, type Logger, sleep } from '@orchestrator/runtime';
import type { Clock } from '@orchestrator/runtime/clock';
import { listPages, type Store } from '@orchestrator/store';
import { z } from 'zod';

export interface Instance {
  readonly id: string;
  /** HOST:PORT of its service for probes. */
  readonly address: string;
}

export interface Instances {
  close(): Promise<void>;
}

const prefix = 'monitor/instances/';
const leaseMs = 10_000;
const written = z.object({ id: z.string().min(1), address: z.string().min(1) });

function read(value: Buffer): Instance | undefined {
  try {
    return written.safeParse(JSON.parse(value.toString())).data;
  } catch {
    return undefined; // nothing of ours
  }
}

/** Writes this instance down, and says who else is there whenever that changes. */
export function joinInstances(options: {
  readonly store: Store;
  readonly self: Instance;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onChange: (others: readonly Instance[]) => void;
}): Instances {
  const { store, self, clock, logger, onChange } = options;
  const closing = new AbortController();
  const { signal } = closing;

  const say = (instances: ReadonlyMap<string, Instance>) =>
    onChange([...instances.values()].filter(({ id }) => id !== self.id));

  const watch = async () => {
    const instances = new Map<string, Instance>();
    let revision = 0;
    for await (const page of listPages(store, prefix)) {
      revision ||= page.revision;
      for (const { key, value } of page.entries) {
        const instance = read(value);
        if (instance !== undefined) instances.set(key, instance);
      }
    }
    say(instances);
    for await (const event of store.watch(prefix, revision + 1, { signal })) {
      const instance = event.type === 'put' ? read(event.value) : undefined;
      if (instance === undefined) instances.delete(event.key);
      else instances.set(event.key, instance);
      say(instances);
    }
  };

  const beWritten = async () => {
    const lease = await store.lease({ ttlMs: leaseMs });
    try {
      await store.put(`${prefix}${self.id}`, JSON.stringify(self), { lease });
      await new Promise<void>((resolve) => {
        const over = () => resolve();
        lease.lost.addEventListener('abort', over, { once: true });
        signal.addEventListener('abort', over, { once: true });
        if (lease.lost.aborted || signal.aborted) resolve();
      });
    } finally {
      if (!lease.lost.aborted) await lease.release();
    }
  };

  const forEver = async (what: string, work: () => Promise<void>) => {
    const backoff = createBackoff({ firstDelayMs: 200, maxDelayMs: 10_000 });
    while (!signal.aborted) {
      const startMs = clock.monotonicMs();
      try {
        await work();
      } catch (error) {
        if (!signal.aborted) logger.warn(`${what} failed, and is tried again`, { error });
      }
      if (clock.monotonicMs() - startMs > leaseMs) backoff.reset();
      await sleep(clock, backoff.nextDelayMs(), signal).catch(() => undefined); // closing: the loop ends
    }
  };

  const running = [
    forEver('watching for other instances', watch),
    forEver('writing this instance down', beWritten),
  ];
  return {
    async close() {
      closing.abort();
      await Promise.all(running);
    },
  };
}
