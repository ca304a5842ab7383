/** Which release do the servers run? Asked with the four-letter word `srvr`, the one that servers answer by default. */
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { Clock } from '@orchestrator/runtime';
import type { TlsOptions } from '@orchestrator/zookeeper';

export interface ServerVersion {
  readonly text: string;
  readonly major: number;
  readonly minor: number;
}

const longestAnswerBytes = 64 * 1024;
/** What follows names a commit, or what a distribution has made of that. */
const versionLine = /Zookeeper version:\s*((\d+)\.(\d+)\.\d+)/;

export const isAtLeast = (version: ServerVersion, major: number, minor: number): boolean =>
  version.major > major || (version.major === major && version.minor >= minor);

export interface VersionOptions {
  /** `host:port,…` */
  readonly connectString: string;
  readonly tls?: TlsOptions | undefined;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** Of the first server that answers; `undefined` when the word is switched off, or nobody answers in time. */
export async function readServerVersion(options: VersionOptions): Promise<ServerVersion | undefined> {
  const servers = options.connectString.split(',').map((server) => server.trim());
  try {
    return await Promise.any(servers.map((server) => versionOf(server, options)));
  } catch {
    return undefined; // none has answered, which is an answer here
  }
}

async function versionOf(server: string, options: VersionOptions): Promise<ServerVersion> {
  const match = versionLine.exec(await askServer(server, options));
  if (match === null) throw new Error(`${server} does not say`);
  return { text: match[1] ?? '', major: Number(match[2]), minor: Number(match[3]) };
}

function open(server: string, tls: TlsOptions | undefined): Socket {
  const colon = server.lastIndexOf(':');
  const host = server.slice(0, colon).replace(/^\[|\]$/g, '');
  const port = Number(server.slice(colon + 1));
  return tls === undefined
    ? connect({ host, port })
    : connectTls({ host, port, ...(tls as ConnectionOptions) });
}

/** Resolves with what the server said, '' for nothing. */
function askServer(server: string, options: VersionOptions): Promise<string> {
  return new Promise((resolve) => {
    const socket = open(server, options.tls);
    let answer = '';
    const finish = () => {
      timer.cancel();
      socket.destroy();
      resolve(answer);
    };
    const timer = options.clock.after(options.timeoutMs, finish);
    socket.setEncoding('latin1');
    socket.on(options.tls === undefined ? 'connect' : 'secureConnect', () => socket.write('srvr'));
    socket.on('data', (chunk: string) => {
      answer += chunk;
      if (answer.length > longestAnswerBytes) finish();
    });
    socket.on('error', finish);
    socket.on('close', finish);
  });
}
