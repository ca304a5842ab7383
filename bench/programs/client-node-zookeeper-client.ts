/** `node client-node-zookeeper-client.ts HOST:PORT`: npm's `node-zookeeper-client`, driven by the suite. */
import { type EventEmitter, once } from 'node:events';
import { createRequire } from 'node:module';
import { data, keyOf, multiSize, serve } from '../clients/workload.ts';

type Callback = (error: unknown) => void;

interface Transaction {
  setData(path: string, data: Buffer): void;
  commit(callback: Callback): void;
}

/** As much as is used here; the package has no types. */
interface Client extends EventEmitter {
  connect(): void;
  close(): void;
  getData(path: string, callback: Callback): void;
  setData(path: string, data: Buffer, callback: Callback): void;
  create(path: string, data: Buffer, callback: Callback): void;
  transaction(): Transaction;
}

const zookeeper = createRequire(import.meta.url)('node-zookeeper-client') as {
  createClient(connectString: string, options: { sessionTimeout: number }): Client;
};

const client = zookeeper.createClient(process.argv[2] ?? '', { sessionTimeout: 30_000 });
client.connect();
await once(client, 'connected');

await serve({
  get: (index, done) => client.getData(keyOf(index), done),
  set: (index, done) => client.setData(keyOf(index), data, done),
  create: (parent) => (index, done) => client.create(`${parent}/${index}`, data, done),
  multi: (index, done) => {
    const transaction = client.transaction();
    for (let i = 0; i < multiSize; i++) transaction.setData(keyOf(index * multiSize + i), data);
    transaction.commit(done);
  },
  close: () => client.close(),
});
