/** A lock with a fencing token, contended by two clients: `node examples/lock.ts localhost:2181` */
import { connect, InterProcessMutex } from '@orchestrator/zookeeper';

const connectString = process.argv[2] ?? 'localhost:2181';
const clients = await Promise.all([connect({ connectString }), connect({ connectString })]);

await Promise.all(
  clients.map(async (client, i) => {
    const mutex = new InterProcessMutex(client, '/locks/example');
    await mutex.withLock(
      async ({ fencingToken, signal }) => {
        console.log(`client ${i} holds the lock, token ${fencingToken}`);
        // Whatever is done here stops when the session is lost, and hands the token to what it writes to.
        signal.throwIfAborted();
      },
      { timeoutMs: 10_000 },
    );
    console.log(`client ${i} has let go`);
  }),
);
await Promise.all(clients.map((client) => client.close()));
