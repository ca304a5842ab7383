/**
 * What every client is asked to do. A client program reads one command a line, `create 500 256 /bench/x` for "create nodes
 * below /bench/x for 500 ms, 256 requests under way at once", and answers with one line: requests answered, milliseconds
 * until the last was, and milliseconds of processor time of the whole process; or `error` and a reason.
 */
import { serveLines } from '../child.ts';

export const operations = ['get', 'set', 'create', 'multi'] as const;
export type Operation = (typeof operations)[number];

/** The nodes that get, set and multi go over in turn; the suite makes them. */
const keyCount = 1000;
/** Updates that one multi carries. */
export const multiSize = 50;
const dataBytes = 100;
export const root = '/bench';

export const keys = Array.from({ length: keyCount }, (_, index) => `${root}/key-${index}`);
export const data = Buffer.alloc(dataBytes, 'x');

/** Starts the `index`th request of a run and calls `done` once it is answered. */
export type Issue = (index: number, done: (error?: unknown) => void) => void;

export interface Client {
  readonly get: Issue;
  readonly set: Issue;
  readonly multi: Issue;
  /** Makes the issuer of creates below `parent`. */
  create(parent: string): Issue;
  close(): Promise<void> | void;
}

export const keyOf = (index: number): string => keys[index % keyCount] ?? '';

/** Keeps `window` requests under way for `durationMs`, then waits for the rest; gives how many there were. */
function pipeline(issue: Issue, durationMs: number, window: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const endMs = performance.now() + durationMs;
    let issued = 0;
    let answered = 0;
    const done = (error?: unknown) => {
      if (error) return reject(error);
      answered++;
      if (performance.now() < endMs) issue(issued++, done);
      else if (answered === issued) resolve(answered);
    };
    while (issued < window) issue(issued++, done);
  });
}

async function runCommand(client: Client, command: string): Promise<string> {
  const [operation = '', durationMs, window, parent = ''] = command.split(' ');
  const issue = operation === 'create' ? client.create(parent) : client[operation as 'get' | 'set' | 'multi'];
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const answered = await pipeline(issue, Number(durationMs), Number(window));
  const elapsedMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(cpu);
  return `${answered} ${elapsedMs} ${(user + system) / 1000}`;
}

/** Serves commands from standard input until it ends. */
export async function serve(client: Client): Promise<void> {
  await serveLines((line) => runCommand(client, line).catch((error) => `error ${error}`));
  await client.close();
}
