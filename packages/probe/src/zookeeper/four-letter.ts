/** Four-letter words of ZooKeeper: the word, then the answer until the server closes. */
import { connect } from 'node:net';
import type { Clock } from '@orchestrator/runtime/clock';
import { ProbeError } from '../errors.ts';

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

const answerTimeoutMs = 2_000;
const largestAnswerBytes = 256 * 1024;

/** `host:port` or `[v6]:port`. */
export function parseAddress(text: string): ServerAddress {
  const [, host = '', port = ''] = /^\[?(.+?)\]?:(\d+)$/.exec(text) ?? [];
  return { host, port: Number(port) };
}

/** @throws ProbeError `unavailable`, `timeout`, `limit` */
export function askServer({ host, port }: ServerAddress, word: string, clock: Clock): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let answer = '';
    const fail = (code: 'unavailable' | 'timeout' | 'limit', why: string, cause?: unknown) => {
      socket.destroy();
      reject(new ProbeError(`ZooKeeper at ${host}:${port} ${why}`, { code, retryable: true, cause }));
    };
    const patience = clock.after(
      answerTimeoutMs,
      () => fail('timeout', `does not answer ${word} within ${answerTimeoutMs} ms`),
      { background: true },
    );
    socket.setEncoding('latin1');
    socket.once('connect', () => socket.write(word));
    socket.on('data', (chunk) => {
      answer += chunk;
      if (answer.length > largestAnswerBytes) fail('limit', `says more than ${largestAnswerBytes} bytes`);
    });
    socket.once('error', (error) => fail('unavailable', 'cannot be reached', error));
    socket.once('close', () => {
      patience.cancel();
      resolve(answer);
    });
  });
}
