import { createServer } from 'node:net';
import { claim } from './claims.ts';
import { TestingError } from './errors.ts';

// Below the range from which Linux takes the local ports of outgoing connections (32768 and up), so that no client can
// sit on a server's port while the server is down between stop and start.
const lowest = 12_000;
const highest = 32_000;
const attemptsPerPort = 200;

function canBind(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * Ports that nobody listens on, each given to one process of ours for as long as that lives, whether its server is up or
 * down for a restart. Others may take one: a launcher has to start again with others when its server finds one taken.
 *
 * @throws TestingError `StartFailed` when the range is exhausted
 */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const ports: number[] = [];
  for (let attempt = 0; ports.length < count; attempt++) {
    if (attempt > attemptsPerPort * count) {
      throw new TestingError('StartFailed', `no free port on ${host} between ${lowest} and ${highest}`);
    }
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    if (!claim('ports', port)) continue;
    if (await canBind(port, host)) ports.push(port);
  }
  return ports;
}
