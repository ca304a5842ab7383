/**
 * `npm run demo`: a real ensemble with 20,000 znodes and busy clients is moved to a new one by the real commands, and every
 * acknowledged write is looked for afterwards. Ends by itself; exits 0 only if nothing was lost.
 */
import { processTerminal } from '@orchestrator/cli';
import { play } from './demo/play.ts';
import { describeResult } from './demo/result.ts';
import { openStage } from './demo/stage.ts';

const interrupted = new AbortController();
let signals = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    signals++;
    interrupted.abort(new Error(`interrupted by ${signal}`));
    // Everything that was started dies with this process, whatever state it is in.
    if (signals > 1) process.exit(130);
  });
}

const terminal = processTerminal(process);
const stage = openStage(terminal);
try {
  const result = await play({ stage, colour: terminal.style.bold('x') !== 'x', signal: interrupted.signal });
  stage.end();
  for (const line of describeResult(result)) terminal.out(line);
  terminal.out(JSON.stringify(result));
  process.exitCode = result.ok ? 0 : 1;
} catch (error) {
  stage.end();
  const wanted = interrupted.signal.aborted;
  terminal.say(
    wanted ? 'interrupted; everything that was started has been removed' : `the demo failed: ${error}`,
  );
  if (!wanted && error instanceof Error) terminal.say(error.stack ?? '');
  process.exitCode = wanted ? 130 : 1;
}
// Sockets of a run that was cut off must not keep it alive.
process.exit();
