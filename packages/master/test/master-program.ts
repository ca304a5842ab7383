/** A master as a process of its own, with the flags that it is given; its log is on standard error. */
import { runMaster } from '../src/index.ts';

const [etc = '', ...args] = process.argv.slice(2);
process.exit(await runMaster({ args, etc }));
