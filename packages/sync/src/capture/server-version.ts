/** Which release do the servers run? Asked with the four-letter word `srvr`, the one that servers answer by default. */
import { connect } from 'node:net';
import type { Clock } from '@orchestrator/runtime';

export interface ServerVersion {
  readonly text: string;
  readonly major: number;
  readonly minor: number;
}

const longestAnswerBytes = 64 * 1024;
const versionLine = /Zookeeper version:\s*((\d+)\.(\d+)\.\d+[^,\s]*)/;

export const isAtLeast = (version: ServerVersion, major: number, minor: number): boolean =>
  version.major > major || (version.major === major && version.minor >= minor);

/** `undefined` when the word is switched off, or the port speaks TLS, or nobody answers in time. */
export async function readServerVersion(
  server: string,
  options: { readonly clock: Clock; readonly timeoutMs: number },
): Promise<ServerVersion | undefined> {
  const match = versionLine.exec(await askServer(server, options));
  if (match === null) return undefined;
  return { text: match[1] ?? '', major: Number(match[2]), minor: Number(match[3]) };
}

/** Resolves with what the server said, '' for nothing. */
function askServer(server: string, options: { clock: Clock; timeoutMs: number }): Promise<string> {
  const colon = server.lastIndexOf(':');
  const host = server.slice(0, colon).replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(server.slice(colon + 1)) });
    let answer = '';
    const finish = () => {
      timer.cancel();
      socket.destroy();
      resolve(answer);
    };
    const timer = options.clock.after(options.timeoutMs, finish);
    socket.setEncoding('latin1');
    socket.on('connect', () => socket.write('srvr'));
    socket.on('data', (chunk: string) => {
      answer += chunk;
      if (answer.length > longestAnswerBytes) finish();
    });
    socket.on('error', finish);
    socket.on('close', finish);
  });
}
