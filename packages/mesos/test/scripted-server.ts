import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { encodeRecord } from '../src/index.ts';

export interface ScriptedRequest {
  path: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

export interface ScriptedServer {
  host: string;
  port: number;
  requests: ScriptedRequest[];
  close(): void;
}

type Script = (request: ScriptedRequest, response: ServerResponse) => void;

/** A master or an agent that says what the test wants. */
async function startScriptedServer(script: Script): Promise<ScriptedServer> {
  const requests: ScriptedRequest[] = [];
  const server = createServer((incoming, response) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part) => parts.push(part));
    incoming.on('end', () => {
      const request = { path: incoming.url ?? '', headers: incoming.headers, body: Buffer.concat(parts) };
      requests.push(request);
      script(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: '127.0.0.1',
    port,
    requests,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** One that ends with its test. */
export async function serve(script: Script): Promise<ScriptedServer> {
  const server = await startScriptedServer(script);
  onTestFinished(() => server.close());
  return server;
}

/** Begins a stream of events, as a master answers SUBSCRIBE. */
export function beginEvents(response: ServerResponse, streamId = 'stream-1'): (...events: unknown[]) => void {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Mesos-Stream-Id': streamId });
  return (...events) => {
    for (const event of events) response.write(encodeRecord(JSON.stringify(event)));
  };
}

export const refuse = (response: ServerResponse, status: number, text: string) =>
  void response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(text);

/** Resolves once the condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
