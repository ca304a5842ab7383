/** Ports for a local cluster: the usual ones where they are free, else the next. */
import { createServer } from 'node:net';
import { CliError } from '../../program/errors.ts';

const host = '127.0.0.1';
const mostTried = 1_000;

const canListen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });

/** `count` free ports from `first` on. @throws CliError `unavailable` */
export async function freePortsFrom(first: number, count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let port = first; ports.length < count; port++) {
    if (port >= first + mostTried || port > 65_535)
      throw new CliError('unavailable', `there are not ${count} free ports from ${first} on`, {
        remedy: 'choose others with --first-port',
      });
    if (await canListen(port)) ports.push(port);
  }
  return ports;
}
