/** A session that outlives its process, known by its id alone: `node examples/session-handover.ts localhost:2181` */
import { connect, sessionPassword } from '@orchestrator/zookeeper';

const connectString = process.argv[2] ?? 'localhost:2181';
const holder = await connect({ connectString });
await holder.create('/held', null, { mode: 'ephemeral' });
const id = holder.sessionId;
await holder.close({ keepSession: true });

const heir = await connect({ connectString, session: { id, password: sessionPassword(id) } });
const { stat } = await heir.exists('/held');
console.log('the node is still owned by', stat?.ephemeralOwner === id ? 'the same session' : 'nobody');
await heir.close();
