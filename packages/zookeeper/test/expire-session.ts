import { waitFor } from '@orchestrator/testing';
import { connect, type ZooKeeperClient } from '../src/index.ts';

/**
 * Ends a client's session behind its back, as a pause longer than its timeout would: another client takes the session and
 * closes it. The holder may take it back in between, so that it is tried until it has worked.
 */
export async function expireSession(client: ZooKeeperClient, connectString: string): Promise<void> {
  const { session } = client;
  const isOver = () => client.state === 'closed' || client.sessionId !== session.id;
  await waitFor(
    async () => {
      if (isOver()) return true;
      const thief = await connect({ connectString, session }).catch(() => undefined);
      await thief?.close();
      return isOver();
    },
    { what: 'the session to expire' },
  );
  await waitFor(() => client.state === 'closed' || client.isConnected, { what: 'the next session' });
}
