/** A client of an ensemble that can be told to move to another one, as an application restarted with a new address is. */
import { connect, type ZooKeeperClient } from '@orchestrator/zookeeper';

export interface Home {
  readonly name: 'A' | 'B';
  readonly connectString: string;
}

export interface MovableClient {
  readonly name: string;
  readonly home: Home;
  readonly zookeeper: ZooKeeperClient;
  /** Ends the session on the old ensemble, so that its ephemerals go, and begins another on the new one. */
  move(home: Home): Promise<void>;
  close(): Promise<void>;
}

const sessionTimeoutMs = 10_000;

const open = (home: Home) =>
  connect({ connectString: home.connectString, sessionTimeoutMs, readyTimeoutMs: 60_000 });

export async function openMovableClient(name: string, home: Home): Promise<MovableClient> {
  let current = { home, zookeeper: await open(home) };
  return {
    name,
    get home() {
      return current.home;
    },
    get zookeeper() {
      return current.zookeeper;
    },
    async move(to) {
      await current.zookeeper.close();
      current = { home: to, zookeeper: await open(to) };
    },
    close: () => current.zookeeper.close(),
  };
}
