import { WebSocket } from 'undici';
import { expect, test } from 'vitest';
import { startMonitor, viewerToken } from './monitor-fixture.ts';

test.each([
  [true, 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'],
  [false, ''],
])(
  'WebSockets are compressed only where the configuration says so: %s',
  async (compressWebSockets, agreed) => {
    const monitor = await startMonitor({ 'http.compressWebSockets': compressWebSockets });
    const socket = new WebSocket(`${monitor.url.replace('http', 'ws')}/api/topology/containers/ws`, {
      headers: { authorization: `Bearer ${viewerToken}` },
    });
    const message = await new Promise<string>((resolve) => {
      socket.addEventListener('message', ({ data }) => resolve(String(data)));
    });
    expect(JSON.parse(message)).toMatchObject({ reset: true });
    expect(socket.extensions).toBe(agreed);
    socket.close();
    await monitor.stop();
  },
);
