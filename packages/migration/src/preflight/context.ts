import type { MigrationContext } from '../phases/context.ts';

/** What preflight looks at; a context of a step is one, and so is what `zk-migrate preflight` makes. */
export type PreflightContext = Pick<
  MigrationContext,
  'config' | 'source' | 'target' | 'clock' | 'folder' | 'signal' | 'id' | 'sourceSettings'
>;
