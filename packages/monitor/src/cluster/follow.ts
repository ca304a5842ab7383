/**
 * Follows the leading master: its stream of events, and now and then what the stream does not tell. A stream that breaks, or
 * is silent for too long, is begun again with the whole state, at whichever master leads then.
 */
import {
  createFixedDetector,
  createMasterClient,
  equalLeaders,
  type Leader,
  type MasterClient,
  type MasterDetector,
  master,
} from '@orchestrator/mesos';
import { type Backoff, createBackoff, type Logger } from '@orchestrator/runtime';
import { type Clock, sleep, type Timer } from '@orchestrator/runtime/clock';
import { MonitorError } from '../errors.ts';
import { refresh } from './refresh.ts';
import type { ClusterState } from './state.ts';

/** Finds the masters. */
export interface ClusterDetector extends MasterDetector {
  /** All that stand for election; without it those count as masters that the configuration names. */
  candidates?(): Promise<readonly Leader[]>;
}

export interface MesosAccess {
  readonly scheme: 'http' | 'https';
  /** Whole value of the Authorization header. */
  readonly authorization?: string;
}

export interface FollowedLeader extends Leader {
  readonly id: string;
  readonly version: string;
  readonly hostName: string;
  readonly ip: string;
  readonly startedMs: number;
  readonly electedMs: number;
  /** What its operators call the cluster. */
  readonly clusterName: string;
}

export interface ClusterFollower {
  readonly leader: FollowedLeader | undefined;
  /** HOST:PORT of the masters that are known. */
  readonly masters: readonly string[];
  /** Why it is not followed now; undefined if it is. */
  readonly problem: MonitorError | undefined;
  /** Of what was heard last. */
  readonly asOfMs: number;
  /** Calls to the leader. @throws MonitorError `unavailable` while nobody is followed */
  client(): MasterClient;
  /** Somebody looks: what the stream does not tell is asked for more often for a while. */
  watch(): void;
  /** Asks for it now, since something has been changed. */
  refreshNow(): Promise<void>;
  close(): Promise<void>;
}

const watchedEveryMs = 10_000;
const idleEveryMs = 60_000;
/** How long somebody counts as looking. */
const watchedForMs = 60_000;
/** Of what masters promise between two signs of life. */
const heartbeatsMissed = 4;
const defaultHeartbeatMs = 15_000;

interface Session {
  readonly leader: FollowedLeader;
  readonly client: MasterClient;
}

function problemOf(error: unknown): MonitorError {
  if (error instanceof MonitorError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new MonitorError('unavailable', message, {
    cause: error,
    remedy: 'check cluster.master, its scheme and credentials; it is tried again all the time',
  });
}

async function identify(client: MasterClient, leader: Leader, signal: AbortSignal): Promise<FollowedLeader> {
  const { GET_FLAGS, GET_MASTER, GET_VERSION } = master.Call_Type;
  const about = (await client.call({ type: GET_MASTER }, signal))?.getMaster;
  const version = (await client.call({ type: GET_VERSION }, signal))?.getVersion;
  // Flags may be forbidden to us where all else is not.
  const flags = await client.call({ type: GET_FLAGS }, signal).catch(() => undefined);
  const name = flags?.getFlags?.flags.find((flag) => flag.name === 'cluster')?.value;
  return {
    ...leader,
    clusterName: name ?? '',
    id: about?.masterInfo?.id ?? '',
    hostName: about?.masterInfo?.hostname ?? leader.host,
    ip: about?.masterInfo?.address?.ip ?? '',
    version: version?.versionInfo?.version ?? about?.masterInfo?.version ?? '',
    startedMs: Math.round((about?.startTime ?? 0) * 1_000),
    electedMs: Math.round((about?.electedTime ?? 0) * 1_000),
  };
}

export function followCluster(options: {
  readonly detector: ClusterDetector;
  /** HOST:PORT of the masters that the configuration names. */
  readonly addresses: readonly string[];
  readonly access: MesosAccess;
  readonly state: ClusterState;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Something is known that was not known before. */
  readonly onChange: () => void;
}): ClusterFollower {
  const { detector, access, state, clock, logger, onChange } = options;
  const closing = new AbortController();
  const backoff: Backoff = createBackoff({ firstDelayMs: 200, maxDelayMs: 5_000 });
  let session: Session | undefined;
  let problem: MonitorError | undefined = new MonitorError('unavailable', 'no master has answered yet');
  let asOfMs = 0;
  let watchedMs = Number.NEGATIVE_INFINITY;
  let masters = options.addresses;
  let refreshing: Promise<void> | undefined;
  let refreshedMs = Number.NEGATIVE_INFINITY;
  let next: Timer | undefined;

  const ask = async ({ client }: Session) => {
    // Where they find each other may be away while the one that leads still answers.
    const standing = await detector.candidates?.().catch(() => undefined);
    if (standing !== undefined) masters = standing.map(({ host, port }) => `${host}:${port}`);
    await refresh(client, state, closing.signal);
  };

  const refreshNow = (): Promise<void> => {
    const current = session;
    if (current === undefined) return Promise.resolve();
    refreshing ??= ask(current)
      .then(onChange)
      .catch((error: unknown) => logger.debug('the cluster was not asked', { error }))
      .finally(() => {
        refreshing = undefined;
        refreshedMs = clock.monotonicMs();
      });
    return refreshing;
  };

  const everyMs = () => (clock.monotonicMs() - watchedMs < watchedForMs ? watchedEveryMs : idleEveryMs);
  const plan = () => {
    next?.cancel();
    if (closing.signal.aborted) return;
    const dueMs = refreshedMs + everyMs() - clock.monotonicMs();
    next = clock.after(Math.max(100, dueMs), () => void refreshNow().then(plan), { background: true });
  };

  /** Until the stream ends or is silent. */
  async function hear(client: MasterClient, signal: AbortSignal, silence: AbortController): Promise<void> {
    let silentMs = heartbeatsMissed * defaultHeartbeatMs;
    let alarm: Timer | undefined;
    const heard = () => {
      alarm?.cancel();
      const silent = new MonitorError('unavailable', `the master was silent for ${silentMs} ms`);
      alarm = clock.after(silentMs, () => silence.abort(silent), { background: true });
      asOfMs = clock.nowMs();
    };
    try {
      heard();
      for await (const event of client.events(signal)) {
        const heartbeatS = event.subscribed?.heartbeatIntervalSeconds ?? 0;
        if (heartbeatS > 0) silentMs = heartbeatsMissed * heartbeatS * 1_000;
        heard();
        state.apply(event);
        if (event.subscribed !== undefined) {
          problem = undefined;
          backoff.reset();
          logger.info('the cluster is followed', { agents: state.agents.size, tasks: state.tasks.size });
          void refreshNow().then(plan);
        }
        if (state.hasChanges) onChange();
      }
    } finally {
      alarm?.cancel();
    }
  }

  async function follow(leader: Leader): Promise<void> {
    const over = new AbortController();
    const signal = AbortSignal.any([closing.signal, over.signal]);
    const client = createMasterClient({
      ...access,
      detector: createFixedDetector(leader),
      format: 'protobuf',
    });
    const replaced = detector.detect(leader, signal).then(
      () => over.abort(new MonitorError('unavailable', 'another master leads')),
      (error: unknown) => {
        if (!signal.aborted) over.abort(problemOf(error));
      },
    );
    try {
      session = { client, leader: await identify(client, leader, signal) };
      await hear(client, signal, over);
      throw new MonitorError('unavailable', 'the master has ended the stream');
    } finally {
      session = undefined;
      over.abort();
      await replaced;
    }
  }

  async function run(): Promise<void> {
    let last: Leader | undefined;
    while (!closing.signal.aborted) {
      try {
        const leader = await detector.detect(undefined, closing.signal);
        if (leader === undefined) throw new MonitorError('unavailable', 'no master leads');
        if (!equalLeaders(leader, last)) backoff.reset();
        last = leader;
        await follow(leader);
      } catch (error) {
        if (closing.signal.aborted) return;
        problem = problemOf(error);
        logger.warn('the cluster is not followed', { error: problem });
        onChange();
        await sleep(clock, backoff.nextDelayMs(), closing.signal).catch(() => undefined); // closing: the loop ends
      }
    }
  }

  const running = run();
  return {
    get leader() {
      return session?.leader;
    },
    get masters() {
      return masters;
    },
    get problem() {
      return problem;
    },
    get asOfMs() {
      return asOfMs;
    },
    client() {
      if (session !== undefined) return session.client;
      throw new MonitorError('unavailable', 'no master is followed now', { cause: problem });
    },
    watch() {
      const was = everyMs();
      watchedMs = clock.monotonicMs();
      if (was !== everyMs()) plan();
    },
    refreshNow,
    async close() {
      closing.abort();
      next?.cancel();
      await running;
    },
  };
}
