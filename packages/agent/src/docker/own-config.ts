import { homedir } from 'node:os';
import { join } from 'node:path';
import { readIfThere } from '../container/read-if-there.ts';

export interface OwnConfig {
  /** Default `$HOME/.docker/config.json`. */
  configFile?: string | undefined;
  /** Its content, instead of the file. Secret. */
  config?: string | undefined;
}

/** Where tasks bring credentials along among their URIs, as the `docker` program looks for them at home. */
const fetchedConfigs = ['.docker/config.json', '.dockercfg'];

/** Undefined when there is none in the sandbox. */
export async function readFetchedConfig(sandboxPath: string): Promise<string | undefined> {
  for (const name of fetchedConfigs) {
    const config = await readIfThere(join(sandboxPath, name));
    if (config !== undefined) return config;
  }
  return undefined;
}

/** The agent's own Docker `config.json`; read at each pull, so that a changed one counts at once. */
export async function readOwnConfig({ config, configFile }: OwnConfig): Promise<string | undefined> {
  return config ?? (await readIfThere(configFile ?? join(homedir(), '.docker/config.json')));
}
