/** Clients that hold ephemerals, and the proof that nobody removed one while its owner lived. */
import { waitFor } from '@orchestrator/testing';
import { connect, type ZooKeeperClient } from '@orchestrator/zookeeper';

export interface HolderOptions {
  /** Where the owner lives. */
  readonly near: ZooKeeperClient;
  readonly connectString: string;
  /** Where the copy is made. */
  readonly far: ZooKeeperClient;
  readonly path: string;
}

export interface Holder {
  readonly path: string;
  /** Ends the owner's session: from now on there is evidence. */
  release(): Promise<void>;
  /** What became of original and copy, in words; empty when both are the very nodes that they were. */
  damage(): Promise<string[]>;
  /** As `damage`, for faults after which copies are made anew: then only the original counts, and that there is a copy. */
  lasting(): Promise<string[]>;
  copyIsThere(): Promise<boolean>;
}

/** Longer than any fault that shall leave it alone. */
const sessionTimeoutMs = 60_000;

async function statOf(client: ZooKeeperClient, path: string) {
  await client.sync('/');
  return (await client.exists(path)).stat;
}

/** Resolves once the copy is there. A node that has the same `czxid` as then has never been removed in between. */
export async function holdEphemeral({ near, connectString, far, path }: HolderOptions): Promise<Holder> {
  const owner = await connect({ connectString, sessionTimeoutMs });
  await owner.create(path, 'held', { mode: 'ephemeral' });
  const original = await statOf(near, path);
  const copy = await waitFor(() => statOf(far, path), { what: `the copy of ${path}` });
  const { sessionId } = owner;
  const originalDamage = async () => {
    // Its own ensemble gave the session up, which is evidence; the owner goes on with another.
    if (owner.sessionId !== sessionId) return [];
    const now = await statOf(near, path);
    return now?.czxid === original?.czxid ? [] : [`the original of ${path} was removed`];
  };
  return {
    path,
    async release() {
      // Without a connection its ensemble would hear of the end only when the session times out.
      await waitFor(() => owner.isConnected, { what: `the owner of ${path} to be connected` });
      await owner.close();
    },
    async damage() {
      const now = await statOf(far, path);
      const found = await originalDamage();
      if (now?.czxid !== copy.czxid && owner.sessionId === sessionId)
        found.push(`the copy of ${path} was removed`);
      return found;
    },
    async lasting() {
      const found = await originalDamage();
      if (owner.sessionId !== sessionId) return found;
      const now = await waitFor(() => statOf(far, path), { what: `the copy of ${path} to be back` });
      return now.ephemeralOwner === 0n ? [...found, `the copy of ${path} is persistent`] : found;
    },
    copyIsThere: async () => (await statOf(far, path)) !== null,
  };
}
