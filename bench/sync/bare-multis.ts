/** The limit that the engine's drain is held against: multis of the same shape, written by nobody but a client. */
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
