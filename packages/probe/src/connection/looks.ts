import type { Clock } from '@orchestrator/runtime/clock';
import { readShortLines } from '../procfs/read.ts';
import { tcpActivity } from './sockets.ts';

/** One look at the sockets of a namespace is 4 ms of processor time, so this is what looks cost at most. */
const looksPerS = 1;
/** Saved up while there was nothing to look at. */
const burst = 5;
/** Looks at a namespace whose connections are told by connection tracking; they only find processes. */
const coveredLookEveryMs = 120_000;
/** Also without a sign of anything new: UDP makes none. */
const idleLookEveryMs = 600_000;

/**
 * Where connection tracking tells of connections at once, namespaces are asked this often for what it does not tell, such as those
 * within a container.
 */
export const trackedNoticeEveryMs = 1_500;

/** No TCP connection was opened or accepted since the namespace came to be. */
const quietActivity = '0 0 0';

/** Connection tracking tells of a connection at most so much later than the namespace's own counts. */
const toldWithinMs = 1_000;

interface Seen {
  activity: string;
  noticedMs: number;
  /** When connection tracking told of a connection of its own. */
  trackedMs: number;
  lookedMs: number;
  covered: boolean;
  due: boolean;
}

const isTold = ({ covered, trackedMs }: Seen, nowMs: number) =>
  covered || nowMs - trackedMs < trackedNoticeEveryMs;

/**
 * Decides which namespace to look at next. A file of 30 microseconds tells whether TCP connections were opened, accepted or
 * ended since the last look; looks themselves are rationed, so that a hundred busy namespaces cost as much as two.
 */
export function createLooks({ clock, procRoot }: { clock: Clock; procRoot: string }) {
  const known = new Map<string, Seen>();
  let allowance = burst;
  let allowedMs = clock.monotonicMs();

  return {
    /** Notices what changed. `pids` has a process of each namespace, `noticeEveryMs` the distance of two questions to it. */
    notice(pids: ReadonlyMap<string, number>, noticeEveryMs: number): void {
      const nowMs = clock.monotonicMs();
      for (const [namespace, pid] of pids) {
        const seen = known.get(namespace);
        if (seen !== undefined && nowMs - seen.noticedMs < noticeEveryMs) continue;
        // Its connections are told, and a look would only be taken after a while.
        if (seen !== undefined && isTold(seen, nowMs) && nowMs - seen.lookedMs < coveredLookEveryMs) continue;
        const activity = tcpActivity(readShortLines(`${procRoot}/${pid}/net/snmp`) ?? '');
        if (seen === undefined) {
          // Most containers never talk; there is nothing to be found in them.
          const due = activity !== quietActivity;
          const lookedMs = nowMs - idleLookEveryMs / 2;
          const never = Number.NEGATIVE_INFINITY;
          known.set(namespace, {
            activity,
            noticedMs: nowMs,
            trackedMs: never,
            lookedMs,
            covered: false,
            due,
          });
          continue;
        }
        const ageMs = nowMs - seen.lookedMs;
        // What was opened is what was told, as far as can be known without a look.
        const isExplained = seen.trackedMs >= seen.noticedMs - toldWithinMs && ageMs < coveredLookEveryMs;
        if (activity !== seen.activity && !isExplained) seen.due = true;
        if (ageMs >= idleLookEveryMs && !seen.covered) seen.due = true;
        seen.activity = activity;
        seen.noticedMs = nowMs;
      }
      for (const namespace of known.keys()) if (!pids.has(namespace)) known.delete(namespace);
    },
    /** Connection tracking has told of a connection of this namespace. */
    tracked(namespace: string): void {
      const seen = known.get(namespace);
      if (seen !== undefined) seen.trackedMs = clock.monotonicMs();
    },
    /** The namespace that has waited longest, if one is due and looks are left. */
    next(): string | undefined {
      const nowMs = clock.monotonicMs();
      allowance = Math.min(burst, allowance + ((nowMs - allowedMs) / 1000) * looksPerS);
      allowedMs = nowMs;
      if (allowance < 1) return undefined;
      let longest: [string, Seen] | undefined;
      for (const entry of known) {
        if (entry[1].due && (longest === undefined || entry[1].lookedMs < longest[1].lookedMs))
          longest = entry;
      }
      if (longest === undefined) return undefined;
      allowance--;
      longest[1].due = false;
      longest[1].lookedMs = nowMs;
      return longest[0];
    },
    /** Whether connection tracking told of all that the look has found. */
    looked(namespace: string, covered: boolean): void {
      const seen = known.get(namespace);
      if (seen !== undefined) seen.covered = covered;
    },
  };
}
