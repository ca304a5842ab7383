/**
 * The inner half of `exposePort`, a process on a host of the network: `relay.ts SOCKET ADDRESS PORT` listens on a Unix
 * socket, which network namespaces do not separate, and connects on to the port.
 */
import { connect, createServer } from 'node:net';
import { splice } from './splice.ts';

const [socketPath, host, port] = process.argv.slice(2);

createServer({ allowHalfOpen: true }, (outside) => {
  splice(outside, connect({ host: host ?? '', port: Number(port), allowHalfOpen: true }));
}).listen(socketPath);
