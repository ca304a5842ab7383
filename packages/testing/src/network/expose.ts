/** Ways from the machine's own loopback into a network that is otherwise closed. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProcess } from '../server-process.ts';
import { removeFolder, temporaryFolder } from '../temporary-folder.ts';
import { waitFor } from '../wait-for.ts';
import { splice } from './splice.ts';

export interface ExposedPort {
  readonly host: string;
  readonly port: number;
  /** Breaks its connections too. */
  close(): Promise<void>;
}

export async function exposePort(
  target: { address: string; wrapper: readonly string[] },
  port: number,
): Promise<ExposedPort> {
  const folder = await temporaryFolder('expose');
  const socketPath = join(folder, 'socket');
  const relay = await startProcess({
    command: process.execPath,
    args: [
      '--disable-warning=ExperimentalWarning',
      fileURLToPath(new URL('relay.ts', import.meta.url)),
      ...[socketPath, target.address, String(port)],
    ],
    logFile: join(folder, 'relay.log'),
    wrapper: target.wrapper,
  });
  await waitFor(() => existsSync(socketPath), { what: `the relay into ${target.address}:${port}` });
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (outer) => {
    open.add(outer);
    outer.once('close', () => open.delete(outer));
    splice(outer, connect({ path: socketPath, allowHalfOpen: true }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close();
      for (const socket of open) socket.destroy();
      relay.signal('SIGKILL');
      await relay.exit;
      await removeFolder(folder);
    },
  };
}
