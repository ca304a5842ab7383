/** What the chapter about the cluster claims, and the figures behind it. */

export interface ClusterResult {
  /** Nothing lost, nothing paused, nothing left behind. */
  readonly ok: boolean;
  readonly masters: number;
  readonly agents: number;
  /** Containers that ran while the leader was killed. */
  readonly containers: number;
  /** From the launch to TASK_RUNNING. */
  readonly startP50Ms: number;
  /** From `kill -9` of the leader until another answers, and until it has all agents. */
  readonly electedMs: number;
  readonly agentsBackMs: number;
  /** Tasks that ended, or were said to have ended, because of it. */
  readonly tasksLost: number;
  /** The longest that one of them was silent, by some of their logs; they write every 200 ms. */
  readonly longestSilenceMs: number;
  /** Updates that the framework got from the new leader. */
  readonly updatesAfter: number;
  /** Processes and containers that were still there after `cluster down`. */
  readonly leftBehind: number;
  readonly durationS: number;
}

export const describeCluster = (result: ClusterResult): string[] => [
  '',
  `containers         ${result.containers}, started within ${result.startP50Ms} ms (p50)`,
  `leader killed      another one after ${result.electedMs} ms, with all agents after ${result.agentsBackMs} ms`,
  `tasks lost         ${result.tasksLost}`,
  `longest silence    ${result.longestSilenceMs} ms of a container that writes every 200 ms`,
  `left behind        ${result.leftBehind} processes`,
  `took               ${result.durationS} s`,
  '',
];
