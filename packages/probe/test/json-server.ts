/** Servers that answer with recorded JSON. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface JsonServer {
  readonly url: string;
  /** By path, with the query; a number is a status. May be changed at any time. */
  readonly answers: Map<string, unknown>;
  readonly asked: string[];
  readonly authorizations: Set<string>;
  close(): Promise<void>;
}

export async function startJsonServer(answers: Record<string, unknown>): Promise<JsonServer> {
  const known = new Map(Object.entries(answers));
  const asked: string[] = [];
  const authorizations = new Set<string>();
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    authorizations.add(request.headers.authorization ?? '');
    const answer = known.get(request.url ?? '') ?? 404;
    if (typeof answer === 'number') response.writeHead(answer).end();
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers: known,
    asked,
    authorizations,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
