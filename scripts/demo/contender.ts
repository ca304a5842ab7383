/** A client that takes a lock, or leads, again and again; and groups of them that change ensembles without ever two holders. */
import { type Random, sleep, systemClock } from '@orchestrator/runtime';
import { ZooKeeperError } from '@orchestrator/zookeeper';
import type { Exclusion } from './exclusion.ts';
import type { Home, MovableClient } from './movable-client.ts';
import { joinQueue } from './queue-member.ts';

export interface ContenderOptions {
  readonly client: MovableClient;
  /** Parent of the queue. */
  readonly path: string;
  readonly holdMs: number;
  readonly restMs: number;
  readonly exclusion: Exclusion;
  readonly random: Random;
  readonly signal: AbortSignal;
}

export interface Contender {
  readonly name: string;
  readonly home: Home;
  readonly holding: boolean;
  /**
   * Queues no more after the present turn, which `stay` makes last until told otherwise. `interrupt` ends a wait at once, `resign` a turn too.
   */
  park(how: 'stay' | 'interrupt' | 'resign'): void;
  /** Settles when parked and out of the queue. */
  parked(): Promise<void>;
  /** Only when parked. */
  move(to: Home): Promise<void>;
  queueAgain(): void;
  readonly done: Promise<void>;
}

export function startContender(options: ContenderOptions): Contender {
  const { client, path, holdMs, restMs, exclusion, random, signal } = options;
  let gate = Promise.withResolvers<void>();
  let idle = Promise.withResolvers<void>();
  let waitOver = new AbortController();
  let turnOver = new AbortController();
  let parked = false;
  let staying = false;
  let holding = false;
  gate.resolve();

  const hold = async () => {
    const lost = () => exclusion.leave(path, client.name);
    // A holder that cannot hear its ensemble must act as if it held nothing.
    client.zookeeper.on('state', lost);
    exclusion.enter(path, client.name);
    holding = true;
    try {
      const over = AbortSignal.any([signal, turnOver.signal]);
      do await sleep(systemClock, holdMs * (0.5 + random.fraction()), over);
      while (staying);
    } finally {
      holding = false;
      exclusion.leave(path, client.name);
      client.zookeeper.off('state', lost);
    }
  };

  const turn = async () => {
    const place = await joinQueue(client.zookeeper, path, client.name);
    try {
      await place.first(AbortSignal.any([signal, waitOver.signal]));
      await hold();
    } finally {
      await place.leave();
    }
  };

  const run = async () => {
    while (!signal.aborted) {
      if (parked) idle.resolve();
      await gate.promise;
      if (signal.aborted) break;
      await turn().catch(passesOver);
      await sleep(systemClock, restMs * random.fraction());
    }
    idle.resolve();
  };

  /** The end of a wait or turn by our own signals, and what a broken connection does, are not errors here. */
  const passesOver = (error: unknown) => {
    const own = signal.aborted || waitOver.signal.aborted || turnOver.signal.aborted;
    if (!own && !(error instanceof ZooKeeperError && error.retryable)) throw error;
  };

  const done = run();
  return {
    name: client.name,
    get home() {
      return client.home;
    },
    get holding() {
      return holding;
    },
    park(how) {
      if (!parked) {
        parked = true;
        gate = Promise.withResolvers();
        idle = Promise.withResolvers();
      }
      staying = how === 'stay';
      if (how !== 'stay') waitOver.abort();
      if (how === 'resign') turnOver.abort();
    },
    parked: () => Promise.race([idle.promise, done]),
    move: (to) => client.move(to),
    queueAgain() {
      parked = false;
      staying = false;
      waitOver = new AbortController();
      turnOver = new AbortController();
      gate.resolve();
    },
    done,
  };
}

/**
 * Waits until everything committed on A before the call is on B: a member must not queue on B before the queue of A is
 * there in full.
 */
export type Barrier = () => Promise<void>;

/** Users of one lock move together: all of them leave the queue on A, and queue again on B. */
export async function moveTogether(members: readonly Contender[], to: Home, barrier: Barrier): Promise<void> {
  for (const member of members) member.park('interrupt');
  await Promise.all(members.map((member) => member.parked()));
  await barrier();
  await Promise.all(members.map((member) => member.move(to)));
  for (const member of members) member.queueAgain();
}

/**
 * Candidates move one by one while the leader leads on, and the leader last: the candidates that wait on B follow it
 * there. From the first move on nobody queues on A again, where a newcomer would sort before the members on B.
 *
 * @returns how long nobody led
 */
export async function moveElection(
  members: readonly Contender[],
  to: Home,
  barrier: Barrier,
  signal: AbortSignal,
): Promise<number> {
  while (!members.some((member) => member.holding)) await sleep(systemClock, 1, signal);
  for (const member of members) member.park('stay');
  await barrier();
  const followers = members.filter((member) => !member.holding);
  for (const member of followers) {
    member.park('interrupt');
    await member.parked();
    await member.move(to);
    member.queueAgain();
  }
  const leaders = members.filter((member) => !followers.includes(member));
  const resignedMs = systemClock.monotonicMs();
  for (const leader of leaders) leader.park('resign');
  while (!followers.some((member) => member.holding)) await sleep(systemClock, 1, signal);
  const gapMs = systemClock.monotonicMs() - resignedMs;
  await Promise.all(leaders.map((leader) => leader.parked()));
  await Promise.all(leaders.map((leader) => leader.move(to)));
  for (const leader of leaders) leader.queueAgain();
  return gapMs;
}
