/**
 * `node writer.ts CONNECT_STRING FOLDER`: writes to an ensemble over one session per server, as a process of its own.
 * Values are `<count>:` and padding, the count being how often that node was written; each node is written in turn, never
 * twice at a time, so its last acknowledged count is what a copy must hold.
 */
import { connect } from '@orchestrator/zookeeper';
import { serveLines } from '../child.ts';
import { median, percentile } from '../statistics.ts';
import { nodePath, textOf } from '../sync/values.ts';
import type { WriteRequest, WriteResult } from '../sync/writer.ts';

const [connectString = '', folder = ''] = process.argv.slice(2);
const clients = await Promise.all(
  connectString.split(',').map((server) => connect({ connectString: server })),
);

const acknowledged: number[] = [];
const written: number[] = [];
const busy: boolean[] = [];

async function create(nodes: number): Promise<void> {
  const [client] = clients;
  if (client === undefined) throw new Error('no server to write to');
  await client.create(folder);
  for (let i = 0; i < nodes; i++) {
    if (!client.hasCapacity) await client.capacity();
    written[i] = acknowledged[i] = 1;
    busy[i] = false;
    void client.create(nodePath(folder, i), textOf(1));
  }
  await client.sync();
}

/** Resolves when the event loop has had its turn, after about a millisecond if `idle`. */
const turn = (idle: boolean) =>
  new Promise<void>((resolve) => {
    if (idle) setTimeout(resolve, 1);
    else setImmediate(resolve);
  });

async function write(request: WriteRequest): Promise<WriteResult> {
  const { durationMs = Number.POSITIVE_INFINITY, updates = Number.POSITIVE_INFINITY, perS, window } = request;
  const latenciesMs: number[] = [];
  const startMs = performance.now();
  let sent = 0;
  let open = 0;
  let failed = 0;
  const send = (index: number) => {
    const count = (written[index] ?? 0) + 1;
    const sentMs = performance.now();
    written[index] = count;
    busy[index] = true;
    open++;
    sent++;
    clients[index % clients.length]
      ?.setData(nodePath(folder, index), textOf(count))
      .then(
        () => {
          acknowledged[index] = count;
          latenciesMs.push(performance.now() - sentMs);
        },
        () => {
          failed++;
        },
      )
      .finally(() => {
        busy[index] = false;
        open--;
      });
  };
  for (let next = 0; sent < updates; ) {
    const elapsedMs = performance.now() - startMs;
    if (elapsedMs >= durationMs) break;
    const due = perS === undefined ? Number.POSITIVE_INFINITY : (elapsedMs / 1000) * perS;
    let burst = 0;
    while (sent < Math.min(due, updates) && open < window && burst < 256 && busy[next] === false) {
      send(next);
      next = (next + 1) % written.length;
      burst++;
    }
    await turn(burst === 0);
  }
  while (open > 0) await turn(true);
  return {
    acknowledged: latenciesMs.length,
    failed,
    elapsedMs: performance.now() - startMs,
    latencyMs: {
      p50: median(latenciesMs),
      p99: percentile(latenciesMs, 0.99),
      mean: latenciesMs.reduce((sum, value) => sum + value, 0) / latenciesMs.length,
    },
  };
}

async function answer(line: string): Promise<string> {
  const request = JSON.parse(line) as { create?: number; write?: WriteRequest };
  if (request.create !== undefined) await create(request.create);
  return JSON.stringify(request.write === undefined ? acknowledged : await write(request.write));
}

await serveLines(answer);
await Promise.all(clients.map((client) => client.close()));
