import { basename } from 'node:path';
import { makeFolder, systemClock, systemRandom } from '@orchestrator/runtime';
import {
  type SeedChange,
  seedZxid,
  type TargetVersion,
  type WrittenSnapshot,
  writeSnapshot,
} from '@orchestrator/zookeeper';
import { resolveAccess } from '../access.ts';
import { isAtLeast, readServerVersion } from '../capture/server-version.ts';
import { createScope, isWithin, type Scope } from '../core/scope.ts';
import type { LedgerEntry, SeedOptions, SeedReport } from '../engine-types.ts';
import { SyncError } from '../errors.ts';
import { ownRoot, ownZnodes } from '../znodes.ts';
import { readExactTree } from './exact-tree.ts';
import { seededZnodes, seedSource } from './seed-source.ts';

const defaultSequenceGap = 1_000_000;
const defaultMaxNodesInMemory = 1_000_000;
const progressEveryNodes = 5_000;
const versionTimeoutMs = 3_000;
const targetVersions: readonly TargetVersion[] = ['3.4', '3.5', '3.6', '3.7', '3.8', '3.9'];

function parseTargetVersion(text: string): TargetVersion {
  const found = targetVersions.find((version) => text === version || text.startsWith(`${version}.`));
  if (found !== undefined) return found;
  throw new SyncError('VersionTooOld', `target version ${text} is none of ${targetVersions.join(', ')}`);
}

/** ZooKeeper's own subtree is kept for its quotas; what leads to a path in scope has to be there. */
function isLeftOut(scope: Scope, path: string): boolean {
  if (isWithin(path, '/zookeeper')) return false;
  if (isWithin(path, ownRoot)) return true;
  return !scope.includes(path) && !scope.roots.some((root) => isWithin(root, path));
}

const explanations: Partial<Record<SeedChange, readonly [what: string, why: string]>> = {
  orphan: ['left out', 'ephemeral of a session that no longer exists'],
  container: ['made persistent', 'the target knows no container nodes'],
  ttl: ['made persistent', 'the target knows no TTL nodes'],
  'sequence-end': ['counter not raised', 'it is too near its end; names may collide after the cut-over'],
};

function convertedIn(written: WrittenSnapshot, recordedMs: number): LedgerEntry[] {
  return Object.entries(explanations).flatMap(([change, [what, why]]) =>
    (written.changedPaths[change as SeedChange] ?? []).map((path) => ({ path, what, why, recordedMs })),
  );
}

/**
 * Writes the snapshot that a fresh target starts from: the source's tree at one exact transaction with all versions, times
 * and ACLs, counters of sequences raised by the gap, without ephemerals (they come when the engine starts), and with the
 * cursor that says from where the engine goes on. The source is only read. Repeat it as often as you like.
 *
 * @throws SyncError `NoObserver` without access to the quorum port, `Unproven` when the digest does not agree; the signal's
 * reason
 */
export async function prepareSeed(options: SeedOptions): Promise<SeedReport> {
  const { clock = systemClock, random = systemRandom, signal, onProgress } = options;
  const targetVersion = parseTargetVersion(options.targetVersion);
  const znodes = ownZnodes(options.migrationId);
  const scope = createScope(options);
  const ensemble = await resolveAccess(options.source, { clock, random });
  if (ensemble.quorumServers.length === 0) {
    throw new SyncError(
      'NoObserver',
      `${ensemble.name}: a seed needs the quorum addresses (server.N of zoo.cfg), and none are given. ` +
        'Give them, or start the target empty and let the engine copy into it',
    );
  }
  await makeFolder(options.outputFolder);
  const { tls } = ensemble.client;
  const version = await readServerVersion({
    connectString: ensemble.name,
    tls,
    timeoutMs: versionTimeoutMs,
    clock,
  });
  const tree = await readExactTree({
    ensemble,
    folder: options.outputFolder,
    maxNodesInMemory: options.maxNodesInMemory ?? defaultMaxNodesInMemory,
    expectsDigest: version === undefined || isAtLeast(version, 3, 6),
    onNodes: (done) => onProgress?.({ stage: 'reading the source', done, total: null, unit: 'znodes' }),
    signal,
    clock,
    random,
  });
  try {
    const zxid = seedZxid(tree.zxid);
    const total = tree.size;
    const written = await writeSnapshot({
      source: seedSource({
        tree,
        signal,
        onNode: (done) => {
          if (done % progressEveryNodes !== 0 && done !== total) return;
          onProgress?.({ stage: 'writing the seed', done, total, unit: 'znodes' });
        },
      }),
      folder: options.outputFolder,
      zxid,
      targetVersion,
      exclude: (path) => isLeftOut(scope, path),
      sequenceGap: options.sequenceGap ?? defaultSequenceGap,
      add: seededZnodes(znodes, tree.zxid, zxid, clock.nowMs()),
    });
    return {
      file: written.file,
      fileName: basename(written.file),
      zxid: tree.zxid,
      nodes: written.nodes,
      bytes: written.bytes,
      digest: written.digest.toString(16),
      converted: convertedIn(written, clock.nowMs()),
    };
  } finally {
    tree.close();
  }
}
