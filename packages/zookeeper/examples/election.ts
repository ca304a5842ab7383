/** Two candidates; the second leads once the first is gone: `node examples/election.ts localhost:2181` */
import { connect, LeaderLatch } from '@orchestrator/zookeeper';

const connectString = process.argv[2] ?? 'localhost:2181';
const [first, second] = await Promise.all([connect({ connectString }), connect({ connectString })]);

const latches = [first, second].map((client, i) => {
  const latch = new LeaderLatch(client, '/elections/example', { id: `candidate-${i}` });
  latch.on('leader', () => console.log(latch.id, 'leads'));
  latch.on('notLeader', () => console.log(latch.id, 'leads no more'));
  return latch;
});
const [incumbent, successor] = latches;
incumbent?.start();
await incumbent?.waitForLeadership();
successor?.start();

await incumbent?.close();
await successor?.waitForLeadership();
await successor?.close();
await Promise.all([first.close(), second.close()]);
