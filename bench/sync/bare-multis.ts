/** The limits that the engine is held against: multis of the same shape, written by nobody but a client. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ensemble } from '@orchestrator/testing';
import { connect, type MultiOp, type ZooKeeperClient } from '@orchestrator/zookeeper';
import { excludedFolder } from './engine.ts';
import { nodePath, textOf } from './values.ts';

const folder = `${excludedFolder}/bare`;
const nodes = 10_000;
/** As the engine sends them: so many updates, after one of the cursor. */
const updatesPerMulti = 99;
const inFlight = 16;

async function createNodes(client: ZooKeeperClient): Promise<void> {
  if ((await client.exists(folder)).stat !== null) return;
  for (const path of [excludedFolder, folder]) await client.create(path);
  for (let first = 0; first < nodes; first += 100) {
    await client.multi(
      Array.from({ length: 100 }, (_, i): MultiOp => {
        return { kind: 'create', path: nodePath(folder, first + i), data: Buffer.from(textOf(1)) };
      }),
    );
  }
}

/** Updates per second. */
export async function measureBareMultis(connectString: string, durationMs: number): Promise<number> {
  const client = await connect({ connectString });
  try {
    await createNodes(client);
    const data = Buffer.from(textOf(2));
    const cursor: MultiOp = { kind: 'setData', path: folder, data };
    const startMs = performance.now();
    let updates = 0;
    const lane = async () => {
      while (performance.now() - startMs < durationMs) {
        const ops = [cursor];
        for (let i = 0; i < updatesPerMulti; i++) {
          ops.push({ kind: 'setData', path: nodePath(folder, updates++ % nodes), data });
        }
        await client.multi(ops);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, lane));
    return (updates / (performance.now() - startMs)) * 1000;
  } finally {
    await client.close();
  }
}

export interface PacedMultis {
  /** From sending to answer, one for each multi that was answered since the last call. */
  takeLatenciesMs(): number[];
  close(): Promise<void>;
}

const pacedFolder = `${excludedFolder}/paced`;
/** Answers that are late hold nothing up, up to so many. */
const mostUnanswered = 256;

/**
 * While the engine works: so many multis a second to the same servers, over one session each, of the size that the engine's have
 * as long as it keeps up: a cursor, a check and an update. What they take, no engine can do without. Leaves nothing behind.
 */
export async function startPacedMultis(ensemble: Ensemble, perS: number): Promise<PacedMultis> {
  const clients = await Promise.all(
    ensemble.servers.map(({ host, clientPort }) => connect({ connectString: `${host}:${clientPort}` })),
  );
  const [first] = clients;
  if (first === undefined) throw new Error('no server to write to');
  const update = `${pacedFolder}/update`;
  const paths = [excludedFolder, pacedFolder, update];
  for (const path of paths) await first.create(path);
  const data = Buffer.from(textOf(2));
  const ops: MultiOp[] = [
    { kind: 'setData', path: pacedFolder, data },
    { kind: 'check', path: pacedFolder, version: -1 },
    { kind: 'setData', path: update, data },
  ];
  let latenciesMs: number[] = [];
  let failure: unknown;
  const open = new Set<Promise<void>>();
  const send = async (client: ZooKeeperClient) => {
    const sentMs = performance.now();
    try {
      await client.multi(ops);
      latenciesMs.push(performance.now() - sentMs);
    } catch (error) {
      failure ??= error;
    }
  };
  let isClosed = false;
  const loop = async () => {
    for (let next = 0; !isClosed; next++) {
      const client = clients[next % clients.length];
      if (client !== undefined && open.size < mostUnanswered) {
        const sent = send(client).finally(() => open.delete(sent));
        open.add(sent);
      }
      await sleep(1000 / perS);
    }
    await Promise.all(open);
  };
  const running = loop();
  return {
    takeLatenciesMs() {
      if (failure !== undefined) throw failure;
      const taken = latenciesMs;
      latenciesMs = [];
      return taken;
    },
    async close() {
      isClosed = true;
      await running;
      for (const path of paths.toReversed()) await first.delete(path);
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}
