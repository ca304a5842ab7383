/** Answers every request with the same bytes: a file that is given. What any HTTP server needs at least. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveLines } from '../child.ts';

const chunkBytes = 64 * 1024;
const body = readFileSync(process.argv[2] ?? '');

const server = createServer((_request, response) => {
  let sent = 0;
  const more = (): void => {
    while (sent < body.length) {
      const chunk = body.subarray(sent, sent + chunkBytes);
      sent += chunk.length;
      if (!response.write(chunk)) return void response.once('drain', more);
    }
    response.end();
  };
  more();
});
await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
await serveLines(async () => JSON.stringify((server.address() as AddressInfo).port));
process.exit(0);
