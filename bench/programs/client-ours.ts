/** `node client-ours.ts HOST:PORT`: our client, driven by the suite. */
import { connect, type MultiOp } from '@orchestrator/zookeeper';
import { data, keyOf, multiSize, serve } from '../clients/workload.ts';

const client = await connect({ connectString: process.argv[2] ?? '' });

await serve({
  get: (index, done) => {
    client.getData(keyOf(index)).then(() => done(), done);
  },
  set: (index, done) => {
    client.setData(keyOf(index), data).then(() => done(), done);
  },
  create: (parent) => (index, done) => {
    client.create(`${parent}/${index}`, data).then(() => done(), done);
  },
  multi: (index, done) => {
    const ops = new Array<MultiOp>(multiSize);
    for (let i = 0; i < multiSize; i++) {
      ops[i] = { kind: 'setData', path: keyOf(index * multiSize + i), data };
    }
    client.multi(ops).then(() => done(), done);
  },
  close: () => client.close(),
});
