/** Phase 6: the source is left by everybody, shut down and kept in an archive; the target stands alone. */
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SyncEngine } from '@orchestrator/sync';
import { writeArchive } from '../archive/archive.ts';
import { keySourceOf } from '../archive/key.ts';
import { formatAddress, isListening } from '../ensemble/four-letter.ts';
import { MigrationError } from '../errors.ts';
import { checkArchive } from '../preflight/secrets.ts';
import { findingsOf } from '../report/gather.ts';
import { fail, ok } from './check.ts';
import { checkConflicts, checkLag, requireEqual } from './consistency.ts';
import type { MigrationContext } from './context.ts';
import { definePhase, type Gate, type StepDefinition } from './define-phase.ts';
import { deployContext, healthyQuorum } from './deploy-target.ts';
import { measureReads } from './latency.ts';
import { confirmQuiet } from './quiet.ts';

type Step = StepDefinition<MigrationContext>;

/** Both ways: what is still on its way when sync ends would be lost. */
const stopSync: Step = {
  name: 'stop sync',
  sync: 'off',
  run: async (ctx) => {
    const engine = await ctx.sync.running();
    await requireEqual(ctx, engine);
    await ctx.facts.put('findings', await findingsOf(engine));
    await ctx.sync.stop();
    try {
      await confirmQuiet(ctx, ctx.source, ctx.config.orchestration.quiet_period_sec * 1000);
    } catch (error) {
      // Clients still write there: sync goes on until they are gone.
      await ctx.sync.running();
      throw error;
    }
  },
  undo: async (ctx) => {
    const engine: SyncEngine = await ctx.sync.running();
    await requireEqual(ctx, engine);
  },
};

const shutDownSource: Step = {
  name: 'shut down source',
  run: async (ctx) => ctx.source.deployer.stop(await ctx.planOf('source'), deployContext(ctx)),
  undo: async (ctx) => ctx.source.deployer.start(await ctx.planOf('source'), deployContext(ctx)),
};

const archiveSource: Step = {
  name: 'archive source',
  run: async (ctx) => {
    const { archive } = ctx.config;
    const files = ctx.source.deployer.files(await ctx.planOf('source'));
    if (archive === undefined || files === null) {
      const why = archive === undefined ? 'no archive is configured' : 'its files are not within reach';
      await ctx.facts.put('archive', { file: null, why });
      await ctx.recordChecks('archive', [
        {
          check: 'archive of the source',
          status: 'warn',
          found: why,
          remedy: 'keep the data folders of the source yourself',
        },
      ]);
      return;
    }
    const file = join(archive.folder, `${ctx.config.name}-${ctx.id}.zkarchive`);
    const summary = await writeArchive({
      file,
      key: keySourceOf(archive),
      source: `Cluster-A (${ctx.source.connectString}) of migration ${ctx.config.name} ${ctx.id}`,
      files,
      nowMs: ctx.clock.nowMs(),
      signal: ctx.signal,
    });
    const { bytes, manifest } = summary;
    if (manifest.files.length === 0)
      throw new MigrationError('precondition', 'the archive of the source would be empty', {
        remedy: 'name the data folders in source.deploy.servers or archive.sources',
      });
    await ctx.facts.put('archive', { file, bytes, files: manifest.files.length });
    await ctx.recordChecks('archive', [
      ok('archive of the source', `${manifest.files.length} files in ${file}`),
    ]);
  },
  // The source runs again from its own data, which was never touched; an archive of it would only be stale.
  undo: async (ctx) => {
    const archive = await ctx.facts.get<{ file: string | null }>('archive');
    if (archive?.file != null && (await stat(archive.file).catch(() => null)) !== null)
      await rm(archive.file);
    await ctx.facts.delete('archive');
  },
};

const followed: Gate<MigrationContext> = {
  name: 'synchronisation',
  withinMs: 60_000,
  check: async (ctx) => {
    const engine = await ctx.sync.running();
    return [checkLag(ctx, engine), await checkConflicts(engine)];
  },
};

/** Weeks may have passed since preflight. */
const archivable: Gate<MigrationContext> = {
  name: 'archive',
  withinMs: 0,
  check: checkArchive,
};

const silentSource: Gate<MigrationContext> = {
  name: 'source',
  withinMs: 0,
  check: async (ctx) => {
    const { servers } = await ctx.planOf('source');
    const addresses = servers.map(({ host, clientPort }) => ({ host, port: clientPort }));
    const listening = await Promise.all(
      addresses.map((address) => isListening(address, { clock: ctx.clock })),
    );
    const left = addresses.filter((_, index) => listening[index]).map(formatAddress);
    const check = 'the source is shut down';
    return [
      left.length === 0
        ? ok(check, 'no server listens')
        : fail(check, `${left.join(', ')} listen`, 'stop them'),
    ];
  },
};

/** Against what was measured on the source before: told, and no reason to fail. */
const performance: Gate<MigrationContext> = {
  name: 'performance',
  withinMs: 0,
  check: async (ctx) => {
    const after = await measureReads(await ctx.target.access(), ctx.clock);
    await ctx.facts.put('performance', after);
    return [ok('reads of the target', `p50 ${after.p50Ms.toFixed(2)} ms, p99 ${after.p99Ms.toFixed(2)} ms`)];
  },
};

const quorumWithinMs = 60_000;

export const retireSourcePhase = definePhase<MigrationContext>({
  number: 6,
  name: 'retire Cluster-A',
  steps: [stopSync, shutDownSource, archiveSource],
  gates: {
    entry: [healthyQuorum('target', quorumWithinMs), followed, archivable],
    success: [healthyQuorum('target', quorumWithinMs), silentSource, performance],
  },
});
