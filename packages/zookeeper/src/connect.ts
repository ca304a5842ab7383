import { systemClock } from '@orchestrator/runtime/clock';
import { ZooKeeperClient } from './client.ts';
import { ZooKeeperError } from './errors.ts';
import type { ClientOptions } from './session/options.ts';

export interface ConnectOptions extends ClientOptions {
  /** Gives up, and closes the client, when no server is reached in this time. Default 30 000. */
  readyTimeoutMs?: number;
}

/** Makes a client and waits until it is connected. Rejects with `ConnectFailed`, naming what went wrong at each server. */
export async function connect(options: ConnectOptions): Promise<ZooKeeperClient> {
  const client = new ZooKeeperClient(options);
  const { readyTimeoutMs = 30_000, clock = systemClock } = options;
  const deadline = new AbortController();
  const timer = clock.after(readyTimeoutMs, () => {
    deadline.abort(
      new ZooKeeperError(
        'ConnectFailed',
        `${options.connectString}: not connected within ${readyTimeoutMs} ms: ${client.describeAttempts()}`,
      ),
    );
  });
  try {
    await client.connected(deadline.signal);
    return client;
  } catch (error) {
    await client.close();
    throw error;
  } finally {
    timer.cancel();
  }
}
