import type { EnsembleAccess } from '../engine-types.ts';
import { SyncError } from '../errors.ts';

/** The obvious case, before anything is written; aliases are found out by writing to one and reading from the other. */
export function checkDifferentAddresses(source: EnsembleAccess, target: EnsembleAccess): void {
  const servers = new Set(source.connectString.split(',').map((server) => server.trim().toLowerCase()));
  const shared = target.connectString.split(',').find((server) => servers.has(server.trim().toLowerCase()));
  if (shared === undefined) return;
  throw new SyncError(
    'SameEnsemble',
    `${shared.trim()} is a server of both source and target; give two different ensembles`,
  );
}
