/** The process of a command: its arguments, its signals, its exit code. */
import { userInfo } from 'node:os';
import { systemClock } from '@orchestrator/runtime';
import { run } from './program.ts';
import { processTerminal } from './terminal/terminal.ts';

const lingerMs = 500;
const interrupted = new AbortController();
const args = process.argv.slice(2);

// A daemon stops in its own order (see runDaemon); everything else ends what it does at the first signal.
if (args[0] !== 'serve') {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (interrupted.signal.aborted) process.exit(130);
      interrupted.abort(new Error(signal));
    });
  }
}
// A reader that has seen enough (head, less) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const { uid } = userInfo();
const exitCode = await run(args, {
  terminal: processTerminal(process),
  env: process.env,
  clock: systemClock,
  signal: interrupted.signal,
  userId: uid,
  setExitCode: () => undefined,
});
process.exitCode = exitCode;
// What was given up may hold sockets and timers a little longer; nobody waits for them.
systemClock.after(lingerMs, () => process.exit(exitCode), { background: true });
