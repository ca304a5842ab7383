/** The tree to be migrated: what we may read and write there, and its largest nodes. */
import { createHash } from 'node:crypto';
import type { EnsembleAccess } from '@orchestrator/sync';
import { type Acl, permissions, type ZooKeeperClient, ZooKeeperError } from '@orchestrator/zookeeper';
import { withClient } from '../ensemble/client.ts';
import { type CheckResult, fail, ok, warn } from '../phases/check.ts';
import type { PreflightContext } from './context.ts';

/** A larger tree is sampled from its top; the engine sees all of it later. */
const maxWalkedNodes = 20_000;
const parallelReads = 64;
const namedPaths = 5;
const defaultJuteMaxBuffer = 1_048_575;
/** Of jute.maxbuffer: path, ACL and the engine's own cursor need room too. */
const safeShare = 0.9;

interface TreeFindings {
  walked: number;
  complete: boolean;
  unreadable: string[];
  /** Where we lack one of the permissions that writing back needs. */
  readOnly: string[];
  largest: { path: string; bytes: number };
  /** Parents with children that a server has numbered. */
  numbering: string[];
}

/** The ten digits that servers append. */
const isNumbered = (name: string) => /[0-9]{10}$/.test(name);

const needed = permissions.create | permissions.write | permissions.delete;

/** `user:base64(sha1(user:password))`, as digest ACLs name their owner. */
function digestIds(access: EnsembleAccess): ReadonlySet<string> {
  return new Set(
    (access.auth ?? [])
      .filter(({ scheme }) => scheme === 'digest')
      .map(({ credential }) => {
        const user = credential.split(':')[0] ?? '';
        return `${user}:${createHash('sha1').update(credential).digest('base64')}`;
      }),
  );
}

const isSuper = (access: EnsembleAccess) =>
  (access.auth ?? []).some(
    ({ scheme, credential }) => scheme === 'digest' && credential.startsWith('super:'),
  );

/** What the ACL grants to everybody or to one of our digests; other schemes are the server's own business. */
function granted(acl: readonly Acl[], ids: ReadonlySet<string>): number {
  return acl
    .filter(
      ({ scheme, id }) => (scheme === 'world' && id === 'anyone') || (scheme === 'digest' && ids.has(id)),
    )
    .reduce((all, { perms }) => all | perms, 0);
}

async function lookAt(
  client: ZooKeeperClient,
  path: string,
  access: EnsembleAccess,
  findings: TreeFindings,
): Promise<string[]> {
  findings.walked += 1;
  try {
    const [{ children, stat }, { acl }] = await Promise.all([client.getChildren2(path), client.getAcl(path)]);
    if (stat.dataLength > findings.largest.bytes) findings.largest = { path, bytes: stat.dataLength };
    if (children.some(isNumbered)) findings.numbering.push(path);
    if (!isSuper(access) && (granted(acl, digestIds(access)) & needed) !== needed)
      findings.readOnly.push(path);
    if (!isSuper(access) && (granted(acl, digestIds(access)) & permissions.read) === 0)
      findings.unreadable.push(path);
    return children.map((name) => (path === '/' ? `/${name}` : `${path}/${name}`));
  } catch (error) {
    if (!(error instanceof ZooKeeperError)) throw error;
    if (error.code === 'NoAuth') {
      findings.unreadable.push(path);
      findings.readOnly.push(path);
    } else if (error.code !== 'NoNode') throw error;
    return [];
  }
}

async function walk(
  client: ZooKeeperClient,
  access: EnsembleAccess,
  ctx: PreflightContext,
): Promise<TreeFindings> {
  const { paths_to_sync: roots, excludes } = ctx.config.sync;
  const findings: TreeFindings = {
    walked: 0,
    complete: true,
    unreadable: [],
    readOnly: [],
    largest: { path: '/', bytes: 0 },
    numbering: [],
  };
  const skipped = new Set(['/zookeeper', '/orchestrator-sync', ...excludes]);
  let queue = [...roots];
  while (queue.length > 0) {
    ctx.signal.throwIfAborted();
    if (findings.walked + parallelReads > maxWalkedNodes) {
      findings.complete = false;
      break;
    }
    const batch = queue.slice(0, parallelReads);
    queue = queue.slice(parallelReads);
    const children = await Promise.all(batch.map((path) => lookAt(client, path, access, findings)));
    queue.push(...children.flat().filter((path) => !skipped.has(path)));
  }
  return findings;
}

const named = (paths: readonly string[]) =>
  paths.slice(0, namedPaths).join(', ') + (paths.length > namedPaths ? ', …' : '');

function rights(findings: TreeFindings, observed: boolean): CheckResult[] {
  const { walked, complete, unreadable, readOnly } = findings;
  const scope = complete ? `${walked} nodes` : `the first ${walked} nodes`;
  const superUser = 'give the credential of the super user, or of their owners, in source.auth';
  const read = 'ACLs allow reading';
  const write = 'ACLs allow writing back';
  return [
    unreadable.length === 0
      ? ok(read, scope)
      : observed
        ? ok(
            read,
            `${unreadable.length} of ${scope} are closed to clients; an observer sees them all the same`,
          )
        : fail(read, `${unreadable.length} of ${scope} cannot be read: ${named(unreadable)}`, superUser),
    readOnly.length === 0
      ? ok(write, scope)
      : warn(
          write,
          `what is changed on the target cannot be carried back to ${readOnly.length} of ${scope}: ${named(readOnly)}`,
          superUser,
        ),
  ];
}

/** A seed brings the counters along. Into an ensemble that runs they are raised, which takes until phase 1 is done. */
function names({ numbering, complete }: TreeFindings, ctx: PreflightContext): CheckResult[] {
  const check = 'names of sequential nodes';
  if (numbering.length === 0) return [];
  const found = `${complete ? '' : 'at least '}${numbering.length} parents number their children: ${named(numbering)}`;
  if (ctx.target.deployer.kind !== 'adopt') return [ok(check, `${found}; the seed holds their counters`)];
  return [
    warn(
      check,
      `${found}; until the first copy has come to one of them, the target gives out numbers from 0 there`,
      'move clients to the target once phase 1 is done, not before',
    ),
  ];
}

async function checkLargest(findings: TreeFindings, ctx: PreflightContext): Promise<CheckResult> {
  const check = 'largest node fits into jute.maxbuffer';
  const settings = await ctx.sourceSettings();
  const { deploy } = ctx.config.target;
  const own = 'java_options' in deploy ? deploy.java_options : [];
  const option = [...settings.javaOptions, ...own].findLast((text) => text.startsWith('-Djute.maxbuffer='));
  const limit = Number(option?.split('=')[1] ?? defaultJuteMaxBuffer);
  const { path, bytes } = findings.largest;
  const found = `${path} has ${bytes} bytes, the limit of the target is ${limit}`;
  return bytes < limit * safeShare
    ? ok(check, found)
    : fail(
        check,
        found,
        `set -Djute.maxbuffer=${Math.max(limit, bytes) * 2} for every server of the target (deploy.java_options)`,
      );
}

export async function checkTree(ctx: PreflightContext): Promise<readonly CheckResult[]> {
  const access = await ctx.source.access();
  const findings = await withClient(access, ctx.clock, (client) => walk(client, access, ctx));
  const observed = (access.quorumServers ?? []).length > 0;
  return [...rights(findings, observed), ...names(findings, ctx), await checkLargest(findings, ctx)];
}
