/** What `bin/orchestrator` runs. */
import { runProcess } from '../program/process.ts';

await runProcess({
  name: 'orchestrator',
  load: async () => (await import('./program.ts')).createOrchestrator,
  daemons: new Set(['master', 'agent', 'monitor', 'probe']),
});
