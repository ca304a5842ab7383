/**
 * Who may write the cursor: the engines of this migration and nobody else. A cursor that anyone could move would let any
 * client make the engine skip changes.
 */
import type { Store } from '@orchestrator/store';
import {
  type Acl,
  type ClientOptions,
  digestId,
  permissions,
  type ZooKeeperClient,
  ZooKeeperError,
} from '@orchestrator/zookeeper';
import { SyncError } from '../errors.ts';
import { ownSecretKey } from '../store/keys.ts';
import type { OwnZnodes } from '../znodes.ts';

export interface OwnIdentity {
  readonly client: (options: ClientOptions) => ClientOptions;
  /** Everybody may read, we alone may write. */
  readonly acl: readonly Acl[];
}

const username = 'orchestrator';

/** The same for all engines that share the store; `secret` is used only by the first of them ever. */
export async function ownIdentity(store: Store, migrationId: string, secret: string): Promise<OwnIdentity> {
  const key = ownSecretKey(migrationId);
  await store.compareAndSwap(key, 0, Buffer.from(secret));
  const password = (await store.get(key))?.value.toString() ?? secret;
  return {
    client: (options) => ({
      ...options,
      auth: [...(options.auth ?? []), { scheme: 'digest', credentials: `${username}:${password}` }],
    }),
    acl: [
      { perms: permissions.all, scheme: 'digest', id: digestId(username, password) },
      { perms: permissions.read, scheme: 'world', id: 'anyone' },
    ],
  };
}

/**
 * Closes the engine's znodes to others. Their folder stays open, so that whoever has lost the store can still delete them.
 *
 * @throws SyncError `CursorGone` when they are closed to us: another store's engine works on this migration
 */
export async function closeOwnZnodes(
  client: ZooKeeperClient,
  znodes: OwnZnodes,
  { acl }: OwnIdentity,
): Promise<void> {
  const isOurs = (entry: Acl) =>
    acl.some(({ scheme, perms }) => scheme === entry.scheme && perms === entry.perms);
  for (const path of [znodes.cursor, znodes.fence, znodes.mark]) {
    const present = await client.getAcl(path);
    if (present.acl.length === acl.length && present.acl.every(isOurs)) continue;
    await client.setAcl(path, acl);
  }
  try {
    await client.multi([{ kind: 'setData', path: znodes.mark, data: null }]);
  } catch (error) {
    if (!(error instanceof ZooKeeperError && error.code === 'NoAuth')) throw error;
    throw new SyncError(
      'CursorGone',
      `${znodes.mark} is closed to us: an engine with another store has worked on this migration. Use that store, or, when ` +
        `it is lost and no engine runs, delete ${znodes.folder} on both sides and begin anew`,
      error,
    );
  }
}
