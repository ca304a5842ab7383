/** Everyone who uses the ensembles during the demo, and how they move from A to B while they work. */
import { type Random, seededRandom, sleep, systemClock } from '@orchestrator/runtime';
import { type Contender, moveElection, moveTogether, startContender } from './contender.ts';
import { createExclusion, type Exclusion } from './exclusion.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { type Home, type MovableClient, openMovableClient } from './movable-client.ts';
import { startWriter, type Writer } from './writer.ts';

export interface Cast {
  readonly ledger: Ledger;
  readonly exclusion: Exclusion;
  readonly writers: readonly Writer[];
  /** Names of those that hold leadership of the election; one, or none for a moment. */
  leaders(): readonly string[];
  /** How many of all clients are on B. */
  movedShare(): { readonly moved: number; readonly of: number };
  /** One client or group after the other, none of them idle for longer than its own move takes. */
  moveTo(home: Home, onMoved: (what: string) => void): Promise<MoveFigures>;
  /** Lets every write under way finish. */
  stop(): Promise<void>;
}

export interface MoveFigures {
  /** Until a writer saw its own last write on B, longest of all. */
  readonly ownWritesVisibleMs: number;
  /** For how long nobody led. */
  readonly leadershipGapMs: number;
}

export const electionPath = '/live/election';
const lockNames = ['orders', 'invoices', 'reports'];
const membersPerLock = 3;
const candidates = 3;
const writerCount = 8;
const writesPerS = 30;
const barrierTimeoutMs = 30_000;

export interface CastOptions {
  readonly home: Home;
  readonly signal: AbortSignal;
}

async function makePlaces(client: MovableClient): Promise<void> {
  for (const path of ['/live', '/live/locks', electionPath, '/live/barriers'])
    await client.zookeeper.create(path);
  for (const name of lockNames) await client.zookeeper.create(`/live/locks/${name}`);
}

/** Written on A last, seen on B last: then everything that A committed before is on B. */
async function crossingOf(from: MovableClient, to: Home): Promise<void> {
  const { path } = await from.zookeeper.create('/live/barriers/b-', null, { mode: 'persistentSequential' });
  const there = await openMovableClient('barrier', to);
  try {
    const deadlineMs = systemClock.monotonicMs() + barrierTimeoutMs;
    while ((await there.zookeeper.exists(path)).stat === null) {
      if (systemClock.monotonicMs() > deadlineMs) throw new Error(`${path} did not arrive within 30 s`);
      await sleep(systemClock, 5);
    }
  } finally {
    await there.close();
  }
}

export async function openCast({ home, signal }: CastOptions): Promise<Cast> {
  const ledger = createLedger();
  const exclusion = createExclusion();
  const random: Random = seededRandom(7);
  const stopped = new AbortController();
  const over = AbortSignal.any([signal, stopped.signal]);
  const steward = await openMovableClient('steward', home);
  await makePlaces(steward);
  const contend = async (name: string, path: string, holdMs: number): Promise<Contender> =>
    startContender({
      client: await openMovableClient(name, home),
      ...{ path, holdMs, restMs: holdMs / 2, exclusion, random, signal: over },
    });

  const writers = await Promise.all(
    Array.from({ length: writerCount }, async (_, index) =>
      startWriter({
        client: await openMovableClient(`writer-${index + 1}`, home),
        ...{ ledger, random, writesPerS, signal: over },
      }),
    ),
  );
  const locks = await Promise.all(
    lockNames.map((name) =>
      Promise.all(
        Array.from({ length: membersPerLock }, (_, index) =>
          contend(`${name}-${index + 1}`, `/live/locks/${name}`, 120),
        ),
      ),
    ),
  );
  const election = await Promise.all(
    Array.from({ length: candidates }, (_, index) => contend(`candidate-${index + 1}`, electionPath, 3_000)),
  );
  const everyone = [...writers, ...locks.flat(), ...election];

  return {
    ledger,
    exclusion,
    writers,
    leaders: () =>
      election.filter((member) => member.holding).map(({ name, home: at }) => `${name} on ${at.name}`),
    movedShare: () => ({
      moved: everyone.filter((one) => one.home.name !== home.name).length,
      of: everyone.length,
    }),
    async moveTo(to, onMoved) {
      let ownWritesVisibleMs = 0;
      for (const writer of writers) {
        ownWritesVisibleMs = Math.max(ownWritesVisibleMs, (await writer.move(to)).ownWritesVisibleMs);
        onMoved(writer.name);
      }
      const barrier = () => crossingOf(steward, to);
      for (const [index, members] of locks.entries()) {
        await moveTogether(members, to, barrier);
        onMoved(`lock ${lockNames[index]}`);
      }
      const leadershipGapMs = await moveElection(election, to, barrier, over);
      onMoved('the election');
      await steward.move(to);
      return { ownWritesVisibleMs, leadershipGapMs };
    },
    async stop() {
      stopped.abort(new Error('the demo is over'));
      await Promise.all(everyone.map((one) => one.done));
    },
  };
}
