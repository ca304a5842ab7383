/** Variables that the commands read themselves; all others with the prefix are keys of the migration's configuration. */

const ownVariables: readonly string[] = [
  'ZK_MIGRATE_WORK_DIR',
  'ZK_MIGRATE_SERVER',
  'ZK_MIGRATE_TOKEN',
  'ZK_MIGRATE_CA_FILE',
  'ZK_MIGRATE_STORE',
];

/** Prefix of the keys of the server's configuration. */
export const serverEnvPrefix = 'ZK_MIGRATE_SERVER_';

/** What is left for the migration's configuration. */
export const migrationEnvironment = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(env).filter(([name]) => !ownVariables.includes(name) && !name.startsWith(serverEnvPrefix)),
  );
