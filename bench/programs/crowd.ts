/** Holds connections over loopback, both ends of each: `crowd.ts COUNT`. Says `ready` when all are open. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

const count = Number(process.argv[2] ?? 1_000);
const atOnce = 100;

const server = createServer((socket) => socket.on('error', () => undefined));
server.listen({ port: 0, host: '127.0.0.1', backlog: atOnce });
await once(server, 'listening');
const { port } = Object(server.address());
for (let opened = 0; opened < count; opened += atOnce) {
  const some = Array.from({ length: Math.min(atOnce, count - opened) }, () =>
    connect({ port, host: '127.0.0.1' }).on('error', () => undefined),
  );
  await Promise.all(some.map((socket) => once(socket, 'connect')));
}
process.stdout.write('ready\n');
