/** The process that watches; `runProbe` becomes it. */
import { systemClock } from '@orchestrator/runtime/clock';
import { runDaemon } from '@orchestrator/runtime/daemon';
import { probeComponents } from './components.ts';
import { createLineLogger } from './log.ts';
import { readSettings } from './settings.ts';

const environment = { ...process.env };
// Programs that the probe starts have no use for where its secrets are, nor for the secrets themselves.
for (const name of Object.keys(process.env))
  if (!/^(PATH|HOME|LANG|LC_|TZ$)/.test(name)) delete process.env[name];

const config = readSettings(environment);
const logger = createLineLogger({
  name: 'probe',
  level: config.log.level,
  clock: systemClock,
  write: (line) => process.stderr.write(line),
});
const components = probeComponents({ config, environment, logger, clock: systemClock });
process.exit(await runDaemon({ logger, components, clock: systemClock }));
