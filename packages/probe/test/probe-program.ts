/** `orchestrator probe` without the rest of the command line. */
import { runProbe } from '../src/main.ts';

try {
  process.exitCode = await runProbe({ args: process.argv.slice(2), environment: process.env });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 2;
}
