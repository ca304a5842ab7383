/**
 * May we do on each side what synchronisation takes? Tried out, since no client can know what its credentials are worth:
 * in multis whose last operation cannot succeed, so that nothing comes of them.
 */
import { setImmediate } from 'node:timers/promises';
import {
  type Acl,
  type MultiOp,
  nodeKind,
  openAcl,
  type Tree,
  type ZooKeeperClient,
  ZooKeeperError,
} from '@orchestrator/zookeeper';
import type { Scope } from '../core/scope.ts';
import type { Side } from '../core/types.ts';
import { SyncError } from '../errors.ts';
import type { EngineSide } from '../side.ts';

/** Most ensembles have a handful of ACLs. */
const mostAcls = 1_000;
const shown = 5;
const nodesPerTurn = 5_000;
const probeName = 'orchestrator-sync-access-probe';
const impossible: MultiOp = { kind: 'check', path: `/${probeName}-nowhere`, version: 1 };

interface Sample {
  readonly path: string;
  readonly acl: readonly Acl[];
  readonly isEphemeral: boolean;
}

interface Refusal {
  readonly side: Side;
  readonly path: string;
  readonly what: string;
}

export interface AccessOptions {
  readonly sides: Readonly<Record<Side, EngineSide>>;
  readonly scope: Scope;
}

/** Throws `NoAccess`, naming paths, what is refused, and what to do. */
export async function checkAccess({ sides, scope }: AccessOptions): Promise<void> {
  const refusals: Refusal[] = [];
  for (const side of ['source', 'target'] as const) {
    const { follower, reader } = sides[side];
    for (const path of follower.capture.unreadable()) refusals.push({ side, path, what: 'read' });
    if (follower.mirror === undefined) continue;
    const samples = await sampleAcls(follower.mirror, scope);
    for (const sample of samples) {
      const what = await tryExisting(reader, sample);
      if (what !== undefined) refusals.push({ side, path: sample.path, what });
    }
    if (side === 'target') continue;
    for (const sample of samples) {
      const what = await tryCopy(sides.target.reader, sample);
      if (what !== undefined) refusals.push({ side: 'target', path: sample.path, what });
    }
  }
  if (refusals.length > 0) throw noAccess(refusals);
}

/** One path for each ACL that is not open to all. */
async function sampleAcls(tree: Tree, scope: Scope): Promise<Sample[]> {
  const samples = new Map<string, Sample>();
  const known = new Set<readonly Acl[]>([openAcl]);
  let inTurn = 0;
  for (const { path, acl, stat } of tree.walk('/', { data: false })) {
    if (++inTurn % nodesPerTurn === 0) await setImmediate();
    if (known.has(acl) || !scope.includes(path)) continue;
    known.add(acl);
    const text = JSON.stringify(acl);
    if (!samples.has(text)) {
      samples.set(text, { path, acl, isEphemeral: nodeKind(stat.ephemeralOwner) === 'ephemeral' });
    }
    if (samples.size >= mostAcls) break;
  }
  return [...samples.values()];
}

async function tryExisting(
  client: ZooKeeperClient,
  { path, isEphemeral }: Sample,
): Promise<string | undefined> {
  if (await isForbidden(client.getData(path))) return 'read';
  const ops: MultiOp[] = [{ kind: 'setData', path, data: null }];
  const child = path === '/' ? `/${probeName}` : `${path}/${probeName}`;
  if (!isEphemeral) ops.push({ kind: 'create', path: child, data: null });
  return refusedIn(client, ops, ['write', 'create children of']);
}

/** Could we go on with a copy of this node, once it has this ACL? */
async function tryCopy(client: ZooKeeperClient, { acl }: Sample): Promise<string | undefined> {
  const path = `/${probeName}-${client.sessionId.toString(16)}`;
  const ops: MultiOp[] = [
    { kind: 'create', path, data: null, acl },
    { kind: 'setData', path, data: null },
    { kind: 'create', path: `${path}/child`, data: null },
  ];
  return refusedIn(client, ops, ['create a copy of', 'write to a copy of', 'create children of a copy of']);
}

async function refusedIn(
  client: ZooKeeperClient,
  ops: readonly MultiOp[],
  names: readonly string[],
): Promise<string | undefined> {
  const outcome = await client.tryMulti([...ops, impossible]);
  return !outcome.ok && outcome.code === 'NoAuth' ? names[outcome.index] : undefined;
}

async function isForbidden(request: Promise<unknown>): Promise<boolean> {
  try {
    await request;
    return false;
  } catch (error) {
    if (!(error instanceof ZooKeeperError)) throw error;
    if (error.code === 'NoAuth') return true;
    if (error.code === 'NoNode') return false;
    throw error;
  }
}

function noAccess(refusals: readonly Refusal[]): SyncError {
  const named = refusals.slice(0, shown).map(({ side, path, what }) => `${what} ${path} on the ${side}`);
  const more = refusals.length > shown ? `, and ${refusals.length - shown} more` : '';
  return new SyncError(
    'NoAccess',
    `our credentials may not ${named.join('; ')}${more}. Add credentials that may (auth), or those of the super user, ` +
      'on that side; or exclude the paths',
  );
}
