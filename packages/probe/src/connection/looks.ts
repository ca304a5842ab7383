import type { Clock } from '@orchestrator/runtime/clock';
import { readShortLines } from '../procfs/read.ts';
import { type TcpActivity, tcpActivity } from './sockets.ts';

/** One look at the sockets of a namespace is 4 ms of processor time, so this is what looks cost at most. */
const looksPerS = 1;
/** Saved up while there was nothing to look at. */
const burst = 5;
/** A namespace with more sockets than these is left alone for some time after a look, so that looks take 2 % of a core at most. */
const cheapSockets = 1_000;
const pauseMsPerSocket = 0.4;
/** Looks at a namespace whose connections are told by connection tracking; they only find processes. */
const coveredLookEveryMs = 120_000;
/** Also without a sign of anything new: UDP makes none. */
const idleLookEveryMs = 600_000;
/**
 * A namespace of which somebody wants to know the processes is looked at after this time, and after twice as much each time that
 * it is wanted again soon: where connections come and go there is always one that is not known.
 */
const wantedLookAfterMs = 2_000;

/**
 * Where connection tracking tells of connections at once, namespaces are asked this often for what it does not tell, such as those
 * within a container.
 */
export const trackedNoticeEveryMs = 1_500;

interface Seen {
  activity: TcpActivity;
  noticedMs: number;
  /** When it was last asked and nothing had changed. */
  steadyMs: number;
  /** Ends in this namespace of new connections of which connection tracking has told. */
  told: number;
  /** Connections of which it has not told, as far as was looked at. */
  untold: number;
  lookedMs: number;
  /** It is not looked at again before. */
  pausedUntilMs: number;
  /** Connection tracking tells of all that the last look has seen. */
  covered: boolean;
  due: boolean;
  wanted: boolean;
  wantedAfterMs: number;
}

/** No TCP connection was opened or accepted since the namespace came to be. */
const isQuiet = ({ begun, open }: TcpActivity) => begun === 0 && open === 0;

/** A look to be taken. */
export interface DueLook {
  readonly namespace: string;
  /** What is not there any more was there at this time. */
  readonly steadyMs: number;
}

export interface LooksOptions {
  readonly clock: Clock;
  readonly procRoot: string;
  /** A namespace is gone. */
  readonly gone: (namespace: string) => void;
}

/**
 * Decides which namespace to look at next. A file of 30 microseconds tells whether TCP connections were opened, accepted or
 * ended since the last look; looks themselves are rationed, so that a hundred busy namespaces cost as much as two.
 */
export function createLooks({ clock, procRoot, gone }: LooksOptions) {
  const known = new Map<string, Seen>();
  let allowance = burst;
  let allowedMs = clock.monotonicMs();

  const read = (pid: number) => tcpActivity(readShortLines(`${procRoot}/${pid}/net/snmp`) ?? '');

  const first = (activity: TcpActivity, nowMs: number): Seen => ({
    activity,
    noticedMs: nowMs,
    steadyMs: nowMs,
    told: 0,
    untold: activity.begun,
    lookedMs: nowMs - idleLookEveryMs / 2,
    pausedUntilMs: nowMs,
    covered: false,
    // Most containers never talk; there is nothing to be found in them.
    due: !isQuiet(activity),
    wanted: false,
    wantedAfterMs: wantedLookAfterMs,
  });

  const compare = (seen: Seen, activity: TcpActivity, isTracking: boolean, nowMs: number) => {
    const untold = activity.begun - seen.told;
    const hasBegun = isTracking ? untold > seen.untold : activity.begun !== seen.activity.begun;
    const hasEnded = !seen.covered && activity.open !== seen.activity.open;
    const ageMs = nowMs - seen.lookedMs;
    if (hasBegun || hasEnded) seen.due = true;
    else if (!seen.due) seen.steadyMs = nowMs;
    if (ageMs >= idleLookEveryMs && !seen.covered) seen.due = true;
    if (ageMs >= coveredLookEveryMs && seen.covered && activity.begun !== seen.activity.begun)
      seen.due = true;
    seen.untold = untold;
    seen.activity = activity;
    seen.noticedMs = nowMs;
  };

  const nextOf = (nowMs: number): [string, Seen] | undefined => {
    let longest: [string, Seen] | undefined;
    for (const entry of known) {
      const [, { due, wanted, wantedAfterMs, lookedMs, pausedUntilMs }] = entry;
      if (nowMs < pausedUntilMs) continue;
      if (!due && !(wanted && nowMs - lookedMs >= wantedAfterMs)) continue;
      if (longest === undefined || lookedMs < longest[1].lookedMs) longest = entry;
    }
    return longest;
  };

  return {
    /**
     * Notices what changed. `pids` has a process of each namespace, `noticeEveryMs` is the distance of two questions to it;
     * `isTracking`: connection tracking tells of new connections.
     */
    notice(
      pids: ReadonlyMap<string, number>,
      { noticeEveryMs, isTracking }: { readonly noticeEveryMs: number; readonly isTracking: boolean },
    ): void {
      const nowMs = clock.monotonicMs();
      for (const [namespace, pid] of pids) {
        const seen = known.get(namespace);
        if (seen === undefined) known.set(namespace, first(read(pid), nowMs));
        else if (nowMs - seen.noticedMs >= noticeEveryMs) compare(seen, read(pid), isTracking, nowMs);
      }
      for (const namespace of known.keys()) {
        if (pids.has(namespace)) continue;
        known.delete(namespace);
        gone(namespace);
      }
    },
    /** Connection tracking has told of a new TCP connection of which an end is in this namespace. */
    tracked(namespace: string): void {
      const seen = known.get(namespace);
      if (seen !== undefined) seen.told++;
    },
    /** There is a connection whose process is not known. */
    want(namespace: string): void {
      const seen = known.get(namespace);
      if (seen !== undefined) seen.wanted = true;
    },
    /** The namespace that has waited longest, if one is due and looks are left. */
    next(): DueLook | undefined {
      const nowMs = clock.monotonicMs();
      allowance = Math.min(burst, allowance + ((nowMs - allowedMs) / 1000) * looksPerS);
      allowedMs = nowMs;
      if (allowance < 1) return undefined;
      const [namespace, seen] = nextOf(nowMs) ?? [];
      if (namespace === undefined || seen === undefined) return undefined;
      allowance--;
      const isSoon = nowMs - seen.lookedMs < coveredLookEveryMs;
      if (!isSoon) seen.wantedAfterMs = wantedLookAfterMs;
      else if (!seen.due) seen.wantedAfterMs = Math.min(coveredLookEveryMs, seen.wantedAfterMs * 2);
      seen.due = false;
      seen.wanted = false;
      seen.lookedMs = nowMs;
      const { steadyMs } = seen;
      seen.steadyMs = nowMs;
      return { namespace, steadyMs };
    },
    /** What a look has found: how many sockets, and whether connection tracking told of all of them. */
    looked(
      namespace: string,
      { sockets, isTold }: { readonly sockets: number; readonly isTold: boolean },
    ): void {
      const seen = known.get(namespace);
      if (seen === undefined) return;
      seen.covered = isTold && sockets > 0;
      seen.pausedUntilMs = clock.monotonicMs() + Math.max(0, sockets - cheapSockets) * pauseMsPerSocket;
    },
  };
}
