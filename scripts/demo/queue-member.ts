/**
 * A place in a ZooKeeper queue of ephemeral sequential nodes, the form that lock and election recipes of every client
 * library share: the lowest number holds, every other member watches the one before it.
 */
import { sleep, systemClock } from '@orchestrator/runtime';
import { type ZooKeeperClient, ZooKeeperError } from '@orchestrator/zookeeper';

export interface QueueMember {
  readonly path: string;
  /** Resolves once this member is first; rejects with the signal's reason. */
  first(signal: AbortSignal): Promise<void>;
  leave(): Promise<void>;
}

const rereadAfterMs = 2_000;

/** The number that the server appended; names before it may differ, as in recipes that put an id in front. */
const numberOf = (name: string) => Number(name.slice(-10));

export async function joinQueue(
  client: ZooKeeperClient,
  parent: string,
  label: string,
): Promise<QueueMember> {
  const created = await client.create(`${parent}/member-`, label, { mode: 'ephemeralSequential' });
  const own = created.path.slice(parent.length + 1);

  const predecessor = async (): Promise<string | undefined> => {
    const { children } = await client.getChildren(parent);
    const sorted = children.toSorted((a, b) => numberOf(a) - numberOf(b));
    const index = sorted.indexOf(own);
    if (index < 0) throw new Error(`${created.path} is gone: its session has ended`);
    return sorted[index - 1];
  };

  return {
    path: created.path,
    async first(signal) {
      for (;;) {
        signal.throwIfAborted();
        const before = await predecessor();
        if (before === undefined) return;
        await gone(client, `${parent}/${before}`, signal);
      }
    },
    async leave() {
      await client.delete(created.path).catch((error: unknown) => {
        if (!(error instanceof ZooKeeperError) || error.code !== 'NoNode') throw error;
      });
    },
  };
}

/** Waits for the node's next change, but not for ever: the queue is read again in any case. */
async function gone(client: ZooKeeperClient, path: string, signal: AbortSignal): Promise<void> {
  const changed = Promise.withResolvers<void>();
  const { stat } = await client.exists(path, { watch: () => changed.resolve() });
  if (stat === null) return;
  const enough = new AbortController();
  try {
    await Promise.race([
      changed.promise,
      sleep(systemClock, rereadAfterMs, AbortSignal.any([signal, enough.signal])),
    ]);
  } finally {
    enough.abort();
  }
}
