/** `zk-migrate` in a work folder of its own. */
import { openProgram, type Program } from './program.ts';

export type { Running } from './program.ts';
export type ZkMigrate = Program;

export interface ZkMigrateOptions {
  readonly workFolder: string;
  readonly env?: NodeJS.ProcessEnv;
}

export const zkMigrate = ({ workFolder, env = {} }: ZkMigrateOptions): ZkMigrate =>
  openProgram({ name: 'zk-migrate', env: { ZK_MIGRATE_WORK_DIR: workFolder, ...env } });
