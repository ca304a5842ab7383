/**
 * A master with the flags that it is given, as `orchestrator master` runs it, its log in a file under `--work_dir`.
 * Commands, each answered in JSON:
 *
 *     watch-loop     from now on
 *     loop           the longest turns of its event loop since then
 */
import { createWriteStream } from 'node:fs';
import { runMaster } from '@orchestrator/master';
import { createLogger } from '@orchestrator/runtime';
import { serveLines } from '../child.ts';
import { answerLoop } from '../mesos/loop-watch.ts';

const [workDir = '.', ...flags] = process.argv.slice(2);
const stream = createWriteStream(`${workDir}/master.log`, { flags: 'a' });
const args = [`--work_dir=${workDir}`, ...flags];
const ended = runMaster({ args, etc: workDir, logger: createLogger({ name: 'master', stream }) });
ended.then((code) => process.exit(code));

await serveLines(answerLoop);
process.exit(0);
