import { connect } from 'node:net';
import { TestingError } from '../errors.ts';
import { runCommand } from '../run-command.ts';

const largestAnswerBytes = 16 * 1024 * 1024;

const answerTimeoutMs = 5_000;

export interface FourLetterTarget {
  host: string;
  clientPort: number;
  /** How to get onto the server's host, where it cannot be reached from here; see `NetworkHost`. */
  wrapper?: readonly string[];
}

function ask(target: FourLetterTarget, word: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: target.host, port: target.clientPort });
    const chunks: Buffer[] = [];
    let bytes = 0;
    const fail = (reason: string) => {
      socket.destroy();
      reject(new Error(reason));
    };
    socket.setTimeout(answerTimeoutMs, () => fail(`no answer within ${answerTimeoutMs} ms`));
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

async function askFromItsHost(target: FourLetterTarget, word: string): Promise<string> {
  const [command = '', ...wrapper] = target.wrapper ?? [];
  const script = 'exec 3<>"/dev/tcp/$1/$2" && printf %s "$3" >&3 && cat <&3';
  const args = [...wrapper, 'bash', '-c', script, 'ask', target.host, `${target.clientPort}`, word];
  return (await runCommand(command, args, { timeoutMs: answerTimeoutMs })).stdout;
}

/**
 * Sends a four-letter word (`ruok`, `srvr`, `mntr`, `cons`, …) and resolves with the whole answer.
 *
 * @throws TestingError `Timeout` (worth another try) when the server refuses the connection, breaks it or stays silent
 */
export async function fourLetterWord(target: FourLetterTarget, word: string): Promise<string> {
  try {
    const local = (target.wrapper ?? []).length === 0;
    return await (local ? ask(target, word) : askFromItsHost(target, word));
  } catch (cause) {
    const { host, clientPort } = target;
    throw new TestingError('Timeout', `${word} to ${host}:${clientPort}: ${cause}`, { cause });
  }
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
