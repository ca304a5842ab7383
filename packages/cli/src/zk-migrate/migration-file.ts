/** The configuration of a migration, from its file with the two documented flags over it. */
import { loadMigrationConfig, type MigrationConfig } from '@orchestrator/migration';
import { ConfigError, type ConfigProblem } from '@orchestrator/runtime';
import { migrationEnvironment } from './environment.ts';
import type { MigrationFileOptions } from './options.ts';

const flagNames: Readonly<Record<string, string>> = {
  'flag --migration.source.zookeeper': '--source-zk',
  'flag --migration.target.zookeeper': '--target-zk',
};

/** @throws ConfigError with file, line, key, value and remedy of everything that is wrong */
export function readMigrationFile(options: MigrationFileOptions, env: NodeJS.ProcessEnv): MigrationConfig {
  const { config, sourceZk, targetZk } = options;
  try {
    return loadMigrationConfig({
      ...(config === undefined ? {} : { file: config }),
      flags: {
        'migration.source.zookeeper': sourceZk,
        'migration.target.zookeeper': targetZk,
        // A migration may be described by flags alone; then it needs a name all the same.
        ...(config === undefined ? { 'migration.name': 'migration' } : {}),
      },
      env: migrationEnvironment(env),
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(error.problems.map(inWordsOfTheCommand), error);
  }
}

const inWordsOfTheCommand = (problem: ConfigProblem): ConfigProblem => {
  const flag = flagNames[problem.source];
  return flag === undefined ? problem : { ...problem, source: flag, key: '' };
};
