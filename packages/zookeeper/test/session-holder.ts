/** A process that holds a session with an ephemeral node until it is killed: prints the session's id. */
import { connect } from '../src/index.ts';

const [connectString = ''] = process.argv.slice(2);
const client = await connect({ connectString, sessionTimeoutMs: 6000 });
await client.create('/held', null, { mode: 'ephemeral' });
process.stdout.write(`${client.sessionId}\n`);
