/** Answers of a master read to their end and thrown away, timed: what is measured is the master, not a parser. */
import { Agent, request } from 'node:http';

const agent = new Agent({ keepAlive: true });

export interface Read {
  readonly elapsedMs: number;
  readonly bytes: number;
}

interface ReadOptions {
  /** A call of the operator API, posted; without it the URL is read. */
  readonly call?: string;
  /** Of the answer to a call. Default `json`. */
  readonly format?: 'json' | 'protobuf';
}

export function readAll(url: string, { call, format = 'json' }: ReadOptions = {}): Promise<Read> {
  const startedMs = performance.now();
  const type = format === 'json' ? 'application/json' : 'application/x-protobuf';
  const headers = call === undefined ? {} : { 'Content-Type': 'application/json', Accept: type };
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, headers, method: call === undefined ? 'GET' : 'POST' }, (response) => {
      let bytes = 0;
      response.on('data', (part: Buffer) => {
        bytes += part.length;
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve({ elapsedMs: performance.now() - startedMs, bytes });
        else reject(new Error(`${url} answered ${response.statusCode}`));
      });
    });
    sent.on('error', reject);
    sent.end(call === undefined ? undefined : JSON.stringify({ type: call }));
  });
}
