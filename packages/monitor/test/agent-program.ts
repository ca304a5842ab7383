/** An agent in a process of its own, from flags in JSON. */
import { runAgent } from '@orchestrator/agent';

process.exitCode = await runAgent({ flags: JSON.parse(process.argv[2] ?? '{}') });
process.exit();
