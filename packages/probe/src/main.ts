/** `orchestrator probe`: checks the configuration and becomes the probe. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from './daemon/secrets.ts';
import { settingsVariable } from './daemon/settings.ts';
import { ProbeError } from './errors.ts';

export interface RunProbeOptions {
  /** What follows `orchestrator probe` on the command line. */
  readonly args: readonly string[];
  readonly environment: Environment;
  /** Where help goes. Default: standard output. */
  readonly print?: (text: string) => void;
}

/**
 * Flags of the process that watches. Node.js would keep 16 MB for objects that live shortly, and they cannot be changed once it
 * runs. Compilers that make code faster take more memory and time than a probe, which does little at a time, gets back from them.
 */
const nodeFlags = [
  '--max-semi-space-size=2',
  '--v8-pool-size=1',
  '--no-turbofan',
  '--no-maglev',
  '--disable-warning=ExperimentalWarning',
];

/** The C library keeps memory for each thread; files and names are looked up by few. */
const smallProcess = { MALLOC_ARENA_MAX: '2', UV_THREADPOOL_SIZE: '2' };

/** Sources that are compiled already take 10 MB less; the folder is the user's own. */
const compiledSources = ({ XDG_CACHE_HOME }: Environment) =>
  join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'orchestrator', 'node');

/**
 * Reads the configuration - file, environment, flags, the later wins - and replaces this process by the probe, under the same
 * process id: what checks a configuration takes as much memory as all the rest, and Node.js does not give it back.
 *
 * Resolves to 0 after `--help`, and otherwise never.
 *
 * @throws ConfigError, ProbeError `config`, which name file, key, value and remedy; `unavailable` in a worker thread
 */
export async function runProbe(options: RunProbeOptions): Promise<number> {
  const { args, environment, print = (text) => process.stdout.write(text) } = options;
  const { loadProbeConfig, probeUsage } = await import('./config/load.ts');
  const config = loadProbeConfig(args, environment);
  if (config === undefined) {
    print(probeUsage());
    return 0;
  }
  const program = fileURLToPath(new URL('./daemon/process.ts', import.meta.url));
  const variables = Object.fromEntries(
    Object.entries({
      ...smallProcess,
      NODE_COMPILE_CACHE: compiledSources(environment),
      ...environment,
      [settingsVariable]: JSON.stringify(config),
    }).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  process.execve?.(process.execPath, [process.execPath, ...nodeFlags, program], variables);
  throw new ProbeError('this process cannot be replaced by the probe', {
    code: 'unavailable',
    remedy: 'start it on Linux, as a process of its own, with Node.js 24',
  });
}
