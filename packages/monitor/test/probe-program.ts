/** `orchestrator probe` without the rest of the command line. */
import { runProbe } from '@orchestrator/probe/main';

process.exitCode = await runProbe({ args: process.argv.slice(2), environment: process.env });
