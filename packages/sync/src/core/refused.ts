/** Paths that one side refuses to take: named once with a remedy, passed over until they are reconciled. */
import type { Context } from './context.ts';
import type { Side } from './types.ts';

/** Codes that no waiting mends. */
const finalCodes = new Set([
  'NoAuth',
  'InvalidAcl',
  'AuthFailed',
  'BadArguments',
  'MarshallingError',
  'Unimplemented',
  'QuotaExceeded',
  'EphemeralOnLocalSession',
  'TooLarge',
  'Unreadable',
  'ChildRefused',
]);

const remedies: Readonly<Record<string, string>> = {
  NoAuth:
    'give the engine credentials that may write here (for this scheme, or the super user), then reconcile the path',
  InvalidAcl:
    'enable the authentication provider of this ACL on the servers that refuse it, then reconcile the path',
  QuotaExceeded: 'raise the quota above this path, then reconcile it',
  TooLarge: 'raise jute.maxbuffer on the servers that refuse it and for the engine, then reconcile the path',
  Unreadable: 'give the engine credentials that may read here, then reconcile the path',
  ChildRefused: 'see to the child that is refused first, then reconcile the path',
  Unimplemented: 'the servers are too old for this kind of node; recreate it as another kind',
};

export const isFinal = (code: string): boolean => finalCodes.has(code);

/** Idempotent. The path's changes wait until the record is in the store, then they are passed over. */
export function refuse(ctx: Context, side: Side, path: string, code: string): void {
  if (ctx.refused[side].has(path)) return;
  const remedy = remedies[code] ?? 'look at the log of the servers that refuse it, then reconcile the path';
  const blocked = { side, path, code, remedy };
  ctx.refused[side].set(path, { blocked, isRecorded: false });
  ctx.out.push({ kind: 'recordBlocked', blocked });
}

export function onBlockedRecorded(ctx: Context, side: Side, path: string): void {
  const refused = ctx.refused[side].get(path);
  if (refused !== undefined) refused.isRecorded = true;
}
