import { startEnsemble, waitFor } from '@orchestrator/testing';
import { expect, test } from 'vitest';
import { type ConnectionState, connect } from '../src/index.ts';

// Servers from 3.5 on serve only local sessions while they have no quorum; one that owns ephemeral nodes is none.
const options = {
  servers: 3,
  config: { localSessionsEnabled: 'true', localSessionsUpgradingEnabled: 'true' },
  jvmFlags: ['-Dreadonlymode.enabled=true'],
};

test('a server without a quorum is read from until there is one again', async () => {
  await using ensemble = await startEnsemble(options);
  const { connectString } = ensemble;
  const client = await connect({ connectString, sessionTimeoutMs: 20_000, canBeReadOnly: true });
  const states: ConnectionState[] = [];
  client.on('state', (state) => states.push(state));
  await client.create('/read-only', 'x');
  await Promise.all([ensemble.server(2).kill(), ensemble.server(3).kill()]);
  await waitFor(() => states.includes('readOnly'), { what: 'the read-only server' });
  expect((await client.getData('/read-only')).data?.toString()).toBe('x');
  await expect(client.setData('/read-only', 'y')).rejects.toMatchObject({ code: 'NotReadOnly' });

  const strict = connect({ connectString, readyTimeoutMs: 1000 });
  await expect(strict).rejects.toMatchObject({ code: 'ConnectFailed' });

  await Promise.all([ensemble.server(2).start(), ensemble.server(3).start()]);
  await waitFor(() => client.state === 'reconnected', { what: 'a quorum' });
  await waitFor(() => client.setData('/read-only', 'y'), { what: 'a write' });
  await client.close();
});
