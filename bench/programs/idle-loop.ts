/** A process with nothing to do but to watch its own event loop: what a machine does to any turn. Commands: `watch-loop`, `loop`. */
import { serveLines } from '../child.ts';
import { answerLoop } from '../mesos/loop-watch.ts';

await serveLines(answerLoop);
process.exit(0);
