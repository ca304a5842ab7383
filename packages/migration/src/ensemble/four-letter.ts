/** Four-letter words: what a server tells about itself without a session. */
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Clock, systemClock } from '@orchestrator/runtime';
import type { TlsFiles } from '@orchestrator/sync';
import { MigrationError } from '../errors.ts';

const maxAnswerBytes = 16 * 1024 * 1024;

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

export interface AskOptions {
  readonly tls?: TlsFiles | undefined;
  /** Default 5 s. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** `host:port,…` as addresses; IPv6 addresses in brackets. */
export function parseAddresses(connectString: string): readonly ServerAddress[] {
  return connectString
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const colon = part.lastIndexOf(':');
      return { host: part.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(part.slice(colon + 1)) };
    });
}

export const formatAddress = ({ host, port }: ServerAddress) =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

async function openSocket(address: ServerAddress, tls: TlsFiles | undefined) {
  if (tls === undefined) return connect({ ...address });
  const [ca, cert, key] = await Promise.all(
    [tls.ca, tls.cert, tls.key].map((file) => (file === undefined ? undefined : readFile(file))),
  );
  return connectTls({ ...address, ca, cert, key });
}

/** The answer to `word`. @throws MigrationError `unavailable` when there is none in time, or the signal aborts. */
export async function askServer(
  address: ServerAddress,
  word: string,
  options: AskOptions = {},
): Promise<string> {
  const { clock = systemClock, timeoutMs = 5_000, signal } = options;
  signal?.throwIfAborted();
  const socket = await openSocket(address, options.tls);
  const giveUp = () => socket.destroy(new Error('told to stop'));
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      const fail = (reason: string, cause?: unknown) => {
        timer.cancel();
        reject(
          new MigrationError('unavailable', `${formatAddress(address)} (${word}): ${reason}`, { cause }),
        );
      };
      const timer = clock.after(timeoutMs, () => fail(`no answer within ${timeoutMs} ms`));
      socket.on('error', (error) => fail(error.message, error));
      socket.on(options.tls === undefined ? 'connect' : 'secureConnect', () => socket.write(word));
      socket.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > maxAnswerBytes) fail(`an answer of more than ${maxAnswerBytes} bytes`);
      });
      socket.on('close', () => {
        timer.cancel();
        resolve(Buffer.concat(chunks).toString('utf8'));
      });
    });
  } finally {
    signal?.removeEventListener('abort', giveUp);
    socket.destroy();
  }
}

/** Whether something accepts connections there. */
export async function isListening(address: ServerAddress, options: AskOptions = {}): Promise<boolean> {
  const { clock = systemClock, timeoutMs = 2_000 } = options;
  const socket = connect({ ...address });
  try {
    return await new Promise<boolean>((resolve) => {
      const timer = clock.after(timeoutMs, () => resolve(false));
      const settle = (open: boolean) => {
        timer.cancel();
        resolve(open);
      };
      socket.on('connect', () => settle(true));
      socket.on('error', () => settle(false));
    });
  } finally {
    socket.destroy();
  }
}
