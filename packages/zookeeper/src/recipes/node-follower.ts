import type { ZooKeeperClient } from '../client.ts';
import type { ConnectionState } from '../session/state.ts';
import type { WatchListener } from '../session/watches.ts';

export interface Following {
  /** Resolves after the first reading; rejects when that fails. */
  readonly first: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Reads again after every change until stopped: `read` sets watches with the listener it is given and takes in what it
 * finds. The listener is the same each time, so that watches which have not fired do not pile up.
 */
export function follow(
  client: ZooKeeperClient,
  read: (watch: WatchListener) => Promise<void>,
  onFailure: (error: unknown) => void,
): Following {
  const first = Promise.withResolvers<void>();
  let stopped = false;
  let changed = true;
  let wake: () => void = () => undefined;
  const look = () => {
    changed = true;
    wake();
  };
  // A new session may have lost what was there.
  const onState = (state: ConnectionState) => {
    if (state === 'reconnected') look();
  };
  const run = async () => {
    client.on('state', onState);
    try {
      while (!stopped) {
        changed = false;
        await read(look);
        first.resolve();
        if (changed || stopped) continue;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } catch (error) {
      first.reject(error);
      if (!stopped && client.state !== 'closed') onFailure(error);
    } finally {
      client.off('state', onState);
    }
  };
  const running = run();
  // Whoever starts the recipe hears of it; nobody else has to.
  first.promise.catch(() => undefined);
  return {
    first: first.promise,
    async stop() {
      stopped = true;
      look();
      await running;
    },
  };
}
