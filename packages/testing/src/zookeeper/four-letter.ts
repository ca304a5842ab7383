import { connect } from 'node:net';
import { TestingError } from '../errors.ts';

const largestAnswerBytes = 16 * 1024 * 1024;

/**
 * Sends a four-letter word (`ruok`, `srvr`, `mntr`, `cons`, …) and resolves with the whole answer.
 *
 * @throws TestingError `Timeout` (worth another try) when the server refuses the connection, breaks it or stays silent
 */
export function fourLetterWord(
  address: { host: string; port: number },
  word: string,
  timeoutMs = 2_000,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(address);
    const chunks: Buffer[] = [];
    let bytes = 0;
    const fail = (reason: string) => {
      socket.destroy();
      reject(new TestingError('Timeout', `${word} to ${address.host}:${address.port}: ${reason}`));
    };
    socket.setTimeout(timeoutMs, () => fail(`no answer within ${timeoutMs} ms`));
    socket.on('error', (error) => fail(error.message));
    socket.on('connect', () => socket.write(word));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > largestAnswerBytes) fail(`the answer is longer than ${largestAnswerBytes} bytes`);
    });
    socket.on('end', () => {
      socket.destroy();
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
  });
}

/** The answer to `mntr` (or `conf`, with `=`) as a map: `zk_server_state` → `leader`, … */
export function parseMonitor(answer: string): Map<string, string> {
  return new Map(
    answer.split('\n').flatMap((line) => {
      const pair = /^([^\t=]+)[\t=](.*)$/.exec(line);
      return pair === null ? [] : [[pair[1] ?? '', pair[2] ?? '']];
    }),
  );
}
