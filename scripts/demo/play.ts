/** The migration from the first server to the last check. */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { formatDuration } from '@orchestrator/cli';
import { sleep, systemClock } from '@orchestrator/runtime';
import { type Ensemble, startEnsemble, temporaryFolder } from '@orchestrator/testing';
import { type Cast, type MoveFigures, openCast } from './cast.ts';
import { figuresLine, type LagFigures, lagOf } from './figures.ts';
import type { LossReport } from './ledger.ts';
import { watchLeftovers } from './leftovers.ts';
import { type MigrationFile, writeMigrationFile } from './migration-file.ts';
import { type Home, openMovableClient } from './movable-client.ts';
import { createOperator, type Operator, type StatusLine } from './operator.ts';
import { type MigrationResult, summarise } from './result.ts';
import type { Stage } from './stage.ts';
import { growTree, type TreeFacts } from './tree.ts';

export interface PlayOptions {
  readonly stage: Stage;
  readonly colour: boolean;
  readonly signal: AbortSignal;
}

const znodes = 20_000;
const reportFolder = resolve('out/demo-report');
/** For how long the clients are watched on each ensemble. */
const watchOnAMs = 20_000;
const watchOnBMs = 15_000;
const watchAloneMs = 5_000;

export async function playMigration(options: PlayOptions): Promise<MigrationResult> {
  const folder = await temporaryFolder('demo');
  const leftovers = watchLeftovers(folder);
  try {
    return await perform(options, folder);
  } finally {
    await leftovers.remove();
  }
}

async function perform(options: PlayOptions, folder: string): Promise<MigrationResult> {
  const { stage, signal } = options;
  const startedMs = systemClock.monotonicMs();
  stage.chapter('Ensemble A: three servers that nobody dares to touch');
  const superPassword = randomBytes(16).toString('hex');
  await using source = await startEnsemble({ tickTimeMs: 1_000, superPassword });
  signal.throwIfAborted();
  const a: Home = { name: 'A', connectString: source.connectString };
  const tree = await fill(stage, a);
  const cast = await openCast({ home: a, signal });
  stage.say('clients on A: 8 writers, 3 locks with 3 users each, an election with 3 candidates');

  const file = await writeMigrationFile({ folder, source, superPassword });
  const b: Home = { name: 'B', connectString: file.targetConnectString };
  const env = { ZK_MIGRATE_WORK_DIR: `${folder}/work` };
  const operator = createOperator({ ...options, program: 'zk-migrate', env });
  const migrated = await migrate({ options, operator, cast, source, file, b });

  stage.chapter('B alone: A is gone, the clients work on');
  await sleep(systemClock, watchAloneMs, signal);
  await cast.stop();
  const loss = await lookForLosses(stage, cast, b);
  const durationMs = systemClock.monotonicMs() - startedMs;
  return summarise({ tree, cast, loss, durationMs, ...migrated });
}

async function fill(stage: Stage, home: Home): Promise<TreeFacts> {
  const loader = await openMovableClient('loader', home);
  try {
    const tree = await growTree(loader.zookeeper, znodes, () => undefined);
    const megabytes = (tree.bytes / 1e6).toFixed(1);
    stage.say(
      `A (${home.connectString}) holds ${tree.nodes.toLocaleString('en')} znodes, ${tree.sequential.toLocaleString('en')} of them sequential, with ${tree.distinctAcls} different ACLs and ${megabytes} MB`,
    );
    return tree;
  } finally {
    await loader.close();
  }
}

interface Scene {
  readonly options: PlayOptions;
  readonly operator: Operator;
  readonly cast: Cast;
  readonly source: Ensemble;
  readonly file: MigrationFile;
  readonly b: Home;
}

export interface Migrated {
  readonly moves: MoveFigures;
  readonly lag: LagFigures | undefined;
  readonly differences: number;
  readonly report: string;
}

async function migrate({ options, operator, cast, source, file, b }: Scene): Promise<Migrated> {
  const { stage, signal } = options;
  let status: StatusLine | undefined;
  stage.follow(() => figuresLine(cast, status));

  stage.chapter('Phase 1: B is deployed, filled, and follows A');
  let quiet = false;
  const coordinator = operator.leaveRunning(
    () => !quiet,
    'start',
    `--source-zk=${source.connectString}`,
    `--target-zk=${b.connectString}`,
    `--config=${file.file}`,
  );
  const ended = coordinator.ended.then((code) => {
    throw new Error(`zk-migrate start ended early, with exit code ${code}`);
  });
  ended.catch(() => undefined);
  const { id, follower } = await followFromTheBegin(operator, signal, ended, (line) => {
    status = line;
  });
  const approvable = () => {
    if (status?.status === 'failed') throw new Error('phase 1 failed; see above');
    return status?.status === 'awaiting-approval';
  };
  await Promise.race([reached(approvable, signal), ended]);
  await sleep(systemClock, watchOnAMs, signal);
  await operator.type('status', `--migration-id=${id}`);

  stage.chapter('The clients move to B, one after the other, while all of them work');
  const moves = await cast.moveTo(b, (what) => stage.say(`${what} now on B`));
  stage.say(
    `each writer saw its own last writes on B within ${formatDuration(moves.ownWritesVisibleMs)}; leadership went from A to B in ${formatDuration(moves.leadershipGapMs)}`,
  );
  await sleep(systemClock, watchOnBMs, signal);
  const lag = status === undefined ? undefined : lagOf(status);
  await operator.type('validate', `--migration-id=${id}`, '--phase=current');
  const verified = await operator.ask<{ difference_count: number }>(
    'verify',
    `--migration-id=${id}`,
    '--json',
  );
  stage.say(`${verified.difference_count} differences between A and B`);

  stage.chapter('Phase 6: A is left, shut down and archived');
  // From here on `advance` tells the same.
  quiet = true;
  await operator.type('advance', `--migration-id=${id}`, '--phase=6', '--confirm');
  await follower.stop();
  const code = await coordinator.ended;
  if (code !== 0) throw new Error(`zk-migrate start ended with exit code ${code}`);
  await mkdir(reportFolder, { recursive: true });
  await operator.type('report', `--migration-id=${id}`, `--output=${reportFolder}`);
  await operator.type('audit', 'verify', `--migration-id=${id}`);
  return { moves, lag, differences: verified.difference_count, report: `${reportFolder}/report.html` };
}

/** The first lines come once the coordinator that was just started listens. */
async function followFromTheBegin(
  operator: Operator,
  signal: AbortSignal,
  coordinatorEnded: Promise<never>,
  onStatus: (status: StatusLine) => void,
) {
  let id: string | undefined;
  for (;;) {
    const follower = operator.follow(
      (line) => {
        id = line.id;
        onStatus(line);
      },
      'status',
      '--watch',
      '--json',
    );
    const gone = { over: false };
    void follower.ended.then(() => {
      gone.over = true;
    });
    await Promise.race([reached(() => id !== undefined || gone.over, signal), coordinatorEnded]);
    if (id !== undefined) return { id, follower };
  }
}

async function reached(condition: () => boolean, signal: AbortSignal): Promise<void> {
  while (!condition()) await sleep(systemClock, 100, signal);
}

async function lookForLosses(stage: Stage, cast: Cast, b: Home): Promise<LossReport> {
  const reader = await openMovableClient('checker', b);
  try {
    const loss = await cast.ledger.check(reader.zookeeper);
    stage.say(
      `${cast.ledger.acknowledged.toLocaleString('en')} acknowledged writes to ${loss.checked.toLocaleString('en')} znodes looked for on B: ${loss.lost} lost`,
    );
    for (const example of loss.examples) stage.say(`  ${example}`);
    return loss;
  } finally {
    await reader.close();
  }
}
