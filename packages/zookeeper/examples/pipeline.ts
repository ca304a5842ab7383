/** Many writes over one connection, never more than the window: `node examples/pipeline.ts localhost:2181` */
import { connect, type MultiOp } from '@orchestrator/zookeeper';

const client = await connect({ connectString: process.argv[2] ?? 'localhost:2181', maxInFlight: 64 });
const { path: parent } = await client.create('/pipeline-', null, { mode: 'persistentSequential' });

const batches = 200;
const opsPerBatch = 50;
const startMs = performance.now();
let failed = 0;
for (let batch = 0; batch < batches; batch++) {
  if (!client.hasCapacity) await client.capacity();
  const ops = Array.from({ length: opsPerBatch }, (_, i): MultiOp => {
    return { kind: 'create', path: `${parent}/${batch * opsPerBatch + i}`, data: Buffer.from('x') };
  });
  void client.tryMulti(ops).then(
    (outcome) => {
      if (!outcome.ok) failed++;
    },
    () => failed++,
  );
}
// Answers come in the order of the requests, so this one comes after all of those.
const { stat } = await client.exists(parent);
const seconds = (performance.now() - startMs) / 1000;
console.log(`${stat?.numChildren} nodes in ${seconds.toFixed(2)} s, ${failed} batches failed`);

const { children } = await client.getChildren(parent);
await Promise.all(children.map((name) => client.delete(`${parent}/${name}`)));
await client.delete(parent);
await client.close();
