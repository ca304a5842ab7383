import type { ZooKeeperClient } from '../client.ts';
import { ZooKeeperError } from '../errors.ts';
import { checkPath, parentPath } from '../protocol/path.ts';

/** Attempts at one request over as many connections; a request that breaks each of them is at fault itself. */
const mostAttempts = 10;

/**
 * For requests that may be made twice: repeats one whose connection broke, or whose session was lost, once there is
 * another connection. Rejects when the client is closed.
 */
export async function persevere<Result>(
  client: ZooKeeperClient,
  request: () => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await request();
    } catch (error) {
      if (!isBroken(error) || attempt === mostAttempts) throw error;
      await client.connected(signal);
    }
  }
}

function isBroken(error: unknown): boolean {
  return (
    error instanceof ZooKeeperError && (error.code === 'ConnectionLoss' || error.code === 'SessionExpired')
  );
}

/** Creates `path` and what is missing above it. Containers go by themselves once empty; servers before 3.5 have none. */
export async function ensureNode(
  client: ZooKeeperClient,
  path: string,
  mode: 'container' | 'persistent',
): Promise<void> {
  checkPath(path);
  if (path === '/') return;
  for (;;) {
    try {
      await persevere(client, () => client.create(path, null, { mode }));
      return;
    } catch (error) {
      if (!(error instanceof ZooKeeperError)) throw error;
      if (error.code === 'NodeExists') return;
      if (error.code !== 'NoNode') throw error;
      await ensureNode(client, parentPath(path), mode);
    }
  }
}

/** Deletes a node; that it is gone already is as good. */
export async function ensureDeleted(client: ZooKeeperClient, path: string): Promise<void> {
  try {
    await persevere(client, () => client.delete(path));
  } catch (error) {
    if (!(error instanceof ZooKeeperError && error.code === 'NoNode')) throw error;
  }
}
