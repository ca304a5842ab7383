/** What `bin/zk-migrate` runs. */
import { runProcess } from '../program/process.ts';

await runProcess({
  name: 'zk-migrate',
  load: async () => (await import('./program.ts')).createProgram,
  daemons: new Set(['serve']),
});
