/** Phase 1: the target stands, holds everything, and follows the source (and the source it). */
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '@orchestrator/runtime';
import type { SeedReport } from '@orchestrator/sync';
import type { DeployContext } from '../deploy/deployer.ts';
import { planTargetFrom } from '../deploy/target-plan.ts';
import { withClient } from '../ensemble/client.ts';
import { quorumHealth } from '../ensemble/inspect.ts';
import { MigrationError } from '../errors.ts';
import { runPreflight } from '../preflight/preflight.ts';
import { findingsOf } from '../report/gather.ts';
import { describeFailures, fail, failures, ok, warn } from './check.ts';
import { checkLag, requireEqual, settle, verifyBoth } from './consistency.ts';
import type { Cluster, MigrationContext } from './context.ts';
import { definePhase, type Gate, type StepDefinition } from './define-phase.ts';
import { measureReads } from './latency.ts';
import { confirmQuiet } from './quiet.ts';

type Step = StepDefinition<MigrationContext>;

const nothing = async () => undefined;

export const deployContext = (ctx: MigrationContext): DeployContext => ({
  signal: ctx.signal,
  logger: ctx.logger,
  instruct: ctx.instruct,
  followed: ctx.followed,
});

const isAdopted = (cluster: Cluster) => cluster.deployer.kind === 'adopt';

const preflight: Step = {
  name: 'preflight',
  run: async (ctx) => {
    const results = await runPreflight(ctx);
    await ctx.recordChecks('preflight', results);
    const failed = failures(results);
    if (failed.length > 0) {
      const { message, remedy } = describeFailures(results);
      throw new MigrationError('precondition', message, { remedy });
    }
    await ctx.facts.put('baseline', await measureReads(await ctx.source.access(), ctx.clock));
  },
  undo: nothing,
};

const planTarget: Step = {
  name: 'plan target',
  run: async (ctx) => {
    const planned = planTargetFrom(ctx.config.target.deploy, await ctx.sourceSettings());
    if (planned === null) return;
    await ctx.facts.put('target-plan', planned.plan);
    await ctx.facts.put('not-carried', planned.notCarried);
  },
  undo: async (ctx) => {
    await ctx.facts.delete('target-plan');
  },
};

const deployTarget: Step = {
  name: 'deploy target',
  run: async (ctx) => ctx.target.deployer.deploy(await ctx.planOf('target'), deployContext(ctx)),
  undo: async (ctx) => {
    if (isAdopted(ctx.target)) return;
    await ctx.target.deployer.destroy(await ctx.planOf('target'), deployContext(ctx));
  },
};

async function sourceVersion(ctx: MigrationContext): Promise<string> {
  const { deploy } = ctx.config.target;
  if ('version' in deploy && deploy.version !== undefined) return deploy.version;
  const versions = (await ctx.source.inspect(ctx.signal)).flatMap((server) => server.version ?? []);
  const version = versions[0];
  if (version === undefined) {
    throw new MigrationError('precondition', 'the version of the source is not known', {
      remedy: 'allow srvr in its 4lw.commands.whitelist, or set target.deploy.version',
    });
  }
  return version;
}

/** The file is on this machine: a coordinator on another one that takes over makes its own. */
async function seedPresent(ctx: MigrationContext): Promise<SeedReport | undefined> {
  const seed = await ctx.facts.get<SeedReport>('seed');
  if (seed === undefined) return undefined;
  const size = await stat(seed.file).then(
    (found) => found.size,
    () => -1,
  );
  return size === seed.bytes ? seed : undefined;
}

const seedTarget: Step = {
  name: 'seed target',
  run: async (ctx) => {
    if (isAdopted(ctx.target)) return;
    let seed = await seedPresent(ctx);
    if (seed === undefined) {
      const outputFolder = join(ctx.folder, 'seed');
      await rm(outputFolder, { recursive: true, force: true });
      await makeFolder(outputFolder, 0o700);
      seed = await ctx.sync.seed({
        outputFolder,
        targetVersion: await sourceVersion(ctx),
        onProgress: ctx.progress,
      });
      await ctx.facts.put('seed', seed);
    }
    await ctx.target.deployer.placeSeed(await ctx.planOf('target'), seed, deployContext(ctx));
  },
  undo: async (ctx) => {
    await rm(join(ctx.folder, 'seed'), { recursive: true, force: true });
    await ctx.facts.delete('seed');
  },
};

const startTarget: Step = {
  name: 'start target',
  run: async (ctx) => {
    await ctx.target.deployer.start(await ctx.planOf('target'), deployContext(ctx));
    await rm(join(ctx.folder, 'seed'), { recursive: true, force: true });
  },
  undo: async (ctx) => {
    if (isAdopted(ctx.target)) return;
    await ctx.target.deployer.stop(await ctx.planOf('target'), deployContext(ctx));
  },
};

/** Everything written on the target is on the source, and nobody writes there any more; then our own traces are removed. */
async function endSync(ctx: MigrationContext): Promise<void> {
  const engine = await ctx.sync.running();
  await requireEqual(ctx, engine);
  await ctx.facts.put('findings', await findingsOf(engine));
  await ctx.sync.stop();
  try {
    await confirmQuiet(ctx, ctx.target, ctx.config.orchestration.quiet_period_sec * 1000);
  } catch (error) {
    if (!ctx.force) {
      await ctx.sync.running();
      throw error;
    }
    ctx.logger.warn('clients are left behind on the target, as asked for', { error });
  }
  // What was written between the two looks, by a client that has left since, goes over first.
  await settle(ctx, await ctx.sync.running());
  await ctx.sync.finish();
}

const startSync: Step = {
  name: 'start sync',
  sync: 'on',
  run: async (ctx) => {
    await ctx.facts.put('sync-begun', true);
    try {
      await settle(ctx, await ctx.sync.running());
    } catch (error) {
      // An engine that refuses to start has written nothing: there will be nothing to take back.
      if (!ctx.sync.isRunning()) await ctx.facts.delete('sync-begun');
      throw error;
    }
  },
  undo: async (ctx) => {
    if ((await ctx.facts.get('sync-begun')) === undefined) return ctx.sync.stop();
    try {
      await endSync(ctx);
    } catch (error) {
      if (!ctx.force || ctx.signal.aborted) throw error;
      // The target may be beyond reach, which may be why this is rolled back.
      await ctx.sync.stop();
      await ctx.facts.put('left-behind', {
        what: 'synchronisation could not be ended cleanly; /orchestrator-sync may be left on the source',
        why: error instanceof Error ? error.message : String(error),
      });
    }
    await ctx.facts.delete('sync-begun');
  },
};

export const healthyQuorum = (role: Cluster['role'], withinMs: number): Gate<MigrationContext> => ({
  name: `quorum of the ${role}`,
  withinMs,
  check: async (ctx) => {
    const health = quorumHealth(await ctx[role].inspect(ctx.signal));
    const check = `every server of the ${role} serves`;
    return [
      health.healthy
        ? ok(check, health.explanation)
        : fail(check, health.explanation, 'start the missing servers, and look at their logs'),
    ];
  },
});

const lowLag: Gate<MigrationContext> = {
  name: 'lag',
  withinMs: 120_000,
  check: async (ctx) => [checkLag(ctx, await ctx.sync.running())],
};

const equal: Gate<MigrationContext> = {
  name: 'consistency',
  withinMs: 0,
  check: async (ctx) => [await verifyBoth(ctx, await ctx.sync.running())],
};

const quorumWithinMs = 60_000;

export const deployTargetPhase = definePhase<MigrationContext>({
  number: 1,
  name: 'deploy and synchronise Cluster-B',
  steps: [preflight, planTarget, deployTarget, seedTarget, startTarget, startSync],
  gates: { success: [healthyQuorum('target', quorumWithinMs), lowLag, equal] },
});

/** What holds when everything has been undone. */
export const originGates: readonly Gate<MigrationContext>[] = [
  healthyQuorum('source', quorumWithinMs),
  {
    name: 'traces',
    withinMs: 0,
    check: async (ctx) => [
      await withClient(await ctx.source.access(), ctx.clock, async (client) => {
        const check = 'nothing of ours is left on the source';
        const folder = `/orchestrator-sync/${ctx.id}`;
        const { stat } = await client.exists(folder);
        if (stat === null) return ok(check, `no ${folder}`);
        // Only a forced rollback leaves it; it does no harm there.
        return warn(check, `${folder} is there`, `delete it with zkCli: deleteall ${folder}`);
      }),
    ],
  },
];
