/** `node client-zookeeper.ts HOST:PORT`: npm's `zookeeper`, which binds the C client, driven by the suite. */
import { createRequire } from 'node:module';
import { data, keyOf, multiSize, serve } from '../clients/workload.ts';

type Completion = (code: number, name: string) => void;

/** As much as is used here; the package's own types say other things than it does. */
interface Binding {
  connect(options: object, callback: (error: unknown) => void): void;
  close(): void;
  a_get(path: string, watch: boolean, callback: Completion): void;
  a_set(path: string, data: Buffer, version: number, callback: Completion): void;
  a_create(path: string, data: Buffer, flags: number, callback: Completion): void;
}

const ZooKeeper = createRequire(import.meta.url)('zookeeper') as {
  new (): Binding;
  readonly ZOO_LOG_LEVEL_ERROR: number;
};

const client = new ZooKeeper();
await new Promise<void>((resolve, reject) => {
  const options = {
    connect: process.argv[2],
    timeout: 30_000,
    debug_level: ZooKeeper.ZOO_LOG_LEVEL_ERROR,
  };
  client.connect(options, (error) => (error ? reject(error) : resolve()));
});

function check(code: number, name: string): Error | undefined {
  return code === 0 ? undefined : new Error(`${code} ${name}`);
}

await serve({
  get: (index, done) => client.a_get(keyOf(index), false, (code, name) => done(check(code, name))),
  set: (index, done) => client.a_set(keyOf(index), data, -1, (code, name) => done(check(code, name))),
  create: (parent) => (index, done) =>
    client.a_create(`${parent}/${index}`, data, 0, (code, name) => done(check(code, name))),
  /** It has no multi: the same updates, one by one, are the best it can do. */
  multi: (index, done) => {
    let left = multiSize;
    const one = (code: number, name: string) => {
      if (code !== 0) done(check(code, name));
      else if (--left === 0) done();
    };
    for (let i = 0; i < multiSize; i++) client.a_set(keyOf(index * multiSize + i), data, -1, one);
  },
  close: () => client.close(),
});
