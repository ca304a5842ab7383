/** Prints every change of an ensemble as it is committed: node examples/observe.ts zk1:2888,zk2:2888,zk3:2888 */
import { createTree, formatZxid, mirror, observe } from '@orchestrator/zookeeper';

const servers = (process.argv[2] ?? 'localhost:2888').split(',');
const tree = createTree();

for await (const event of observe({ servers })) {
  mirror(tree, event);
  switch (event.type) {
    case 'connected':
      console.log(`following ${event.server}, epoch ${event.epoch}`);
      break;
    case 'snapshotEnd':
      console.log(`${tree.size} nodes as of ${formatZxid(event.zxid)}`);
      break;
    case 'txns':
      for (const { zxid, sessionId, ops } of event.txns) {
        const changes = ops.map((op) => ('path' in op ? `${op.kind} ${op.path}` : op.kind)).join(', ');
        console.log(
          `${formatZxid(zxid)} by session ${formatZxid(sessionId)}: ${changes} (mirror ${tree.state})`,
        );
      }
      break;
    case 'disconnected':
    case 'unreachable':
      console.log(`${event.type}: ${event.reason.message}`);
      break;
  }
}
