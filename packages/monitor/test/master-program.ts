/** A master in a process of its own, with the flags that it is given. */
import { runMaster } from '@orchestrator/master';

const [etc = '', ...args] = process.argv.slice(2);
process.exit(await runMaster({ args, etc }));
