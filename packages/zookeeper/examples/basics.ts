/** Nodes, versions, watches and errors: `node examples/basics.ts localhost:2181` */
import { connect, ZooKeeperError } from '@orchestrator/zookeeper';

const client = await connect({
  connectString: process.argv[2] ?? 'localhost:2181',
  sessionTimeoutMs: 10_000,
});
client.on('state', (state, cause) => console.log('connection:', state, cause?.message ?? ''));

const { path, zxid } = await client.create('/greeting', 'hello', { mode: 'ephemeral' });
console.log('created', path, 'in transaction', zxid);

const changed = new Promise((resolve) => {
  void client.getData(path, { watch: resolve });
});
const { stat } = await client.setData(path, 'hello, world', 0);
console.log('version', stat.version, 'after', await changed);

try {
  await client.setData(path, 'too late', 0);
} catch (error) {
  if (!(error instanceof ZooKeeperError)) throw error;
  console.log(error.code, 'from', error.op, 'of', error.path, '- retryable:', error.retryable);
}

// All of it or nothing; the error says which operation was to blame.
const outcome = await client.tryMulti([
  { kind: 'check', path, version: 1 },
  { kind: 'delete', path: '/no-such-node' },
]);
if (!outcome.ok) console.log('operation', outcome.index, 'failed:', outcome.code);

await client.close();
