import type { Scope } from '../core/scope.ts';
import type { Side } from '../core/types.ts';
import { SyncError } from '../errors.ts';
import type { EngineSide } from '../side.ts';

/** Names shown of what was found. */
const shown = 5;

export interface TargetEmptyOptions {
  readonly sides: Readonly<Record<Side, EngineSide>>;
  readonly scope: Scope;
  readonly settings: { readonly adoptTarget: boolean };
}

/** A first copy makes the target equal to the source, so what is there already must be meant to go. Throws `TargetNotEmpty`. */
export function checkTargetEmpty({ sides, scope, settings }: TargetEmptyOptions): void {
  if (settings.adoptTarget) return;
  const tree = sides.target.follower.mirror;
  if (tree === undefined) return;
  const found: string[] = [];
  for (const root of scope.roots) {
    if (root !== '/' && tree.has(root)) found.push(root);
    for (const child of tree.children(root)) if (scope.includes(child)) found.push(child);
  }
  if (found.length === 0) return;
  const more = found.length > shown ? ` and ${found.length - shown} more` : '';
  throw new SyncError(
    'TargetNotEmpty',
    `the target ${sides.target.ensemble.name} already holds ${found.slice(0, shown).join(', ')}${more}, and was never ` +
      'synchronised with this source. Is it the right one? To have its content replaced by that of the source, set adoptTarget',
  );
}
