/** A daemon for `daemon.test.ts`: its one part takes `DRAIN_MS` to stop. */
import { setTimeout as pause } from 'node:timers/promises';
import { createLogger, runDaemon } from '../src/index.ts';

/** One line of output each. */
export type DaemonLine = 'started' | 'draining' | 'drained';

const drainMs = Number(process.argv[2]);
const tell = (line: DaemonLine) => process.stdout.write(`${line}\n`);
const busy = setInterval(() => undefined, 1000);

process.exitCode = await runDaemon({
  logger: createLogger({ name: 'test', level: 'silent' }),
  components: [
    {
      name: 'worker',
      start: () => void tell('started'),
      async stop() {
        tell('draining');
        await pause(drainMs);
        clearInterval(busy);
        tell('drained');
      },
    },
  ],
});
