/** The Mesos cluster: what is known of it, who follows it, and what can be done with it. */
import type { Logger } from '@orchestrator/runtime';
import type { Clock } from '@orchestrator/runtime/clock';
import { MonitorError } from '../errors.ts';
import type { Cluster, ClusterTaskDetail, Explanation, TaskPage, TaskQuery } from '../schema/index.ts';
import { type ClusterActions, createClusterActions, taskNamed } from './actions.ts';
import { type ExplainQuestion, explain } from './explain.ts';
import { type ClusterDetector, followCluster, type MesosAccess } from './follow.ts';
import { type ClusterLive, createClusterLive } from './live.ts';
import { createClusterBook } from './pictures.ts';
import { createSandboxes, type Sandboxes } from './sandbox.ts';
import { showTaskDetail } from './shown.ts';
import { ClusterState } from './state.ts';
import { findTasks } from './tasks.ts';

export interface MesosCluster {
  cluster(): Cluster;
  tasks(query: TaskQuery): TaskPage;
  /** @throws MonitorError `not-found` */
  task(frameworkId: string, taskId: string): ClusterTaskDetail;
  /** @throws MonitorError `unavailable` while no master is followed; see `explain` */
  explain(question: ExplainQuestion): Promise<Explanation>;
  /** Does something with it, and looks at what came of it. */
  act<Result>(work: (actions: ClusterActions) => Promise<Result>): Promise<Result>;
  readonly sandboxes: Sandboxes;
  readonly live: ClusterLive;
  close(): Promise<void>;
}

export function openCluster(options: {
  readonly detector: ClusterDetector;
  /** HOST:PORT of the masters that the configuration names. */
  readonly addresses: readonly string[];
  readonly access: MesosAccess;
  readonly clock: Clock;
  readonly logger: Logger;
}): MesosCluster {
  const { access, clock, logger } = options;
  const state = new ClusterState();
  const book = createClusterBook(state, () => follower);
  const live = createClusterLive({ pictures: book, clock, logger });
  const follower = followCluster({ ...options, state, onChange: () => live.wake() });
  const actions = createClusterActions({ client: () => follower.client(), state, access });
  return {
    live: {
      ...live,
      follow(socket) {
        follower.watch();
        return live.follow(socket);
      },
      get clients() {
        return live.clients;
      },
    },
    sandboxes: createSandboxes(state, access),
    cluster() {
      follower.watch();
      return book.cluster();
    },
    tasks(query) {
      follower.watch();
      return findTasks(state, query);
    },
    task: (frameworkId, taskId) => showTaskDetail(state, taskNamed(state, frameworkId, taskId)),
    explain(question) {
      const { leader } = follower;
      if (leader === undefined) throw new MonitorError('unavailable', 'no master is followed now');
      return explain(leader, access, question);
    },
    async act(work) {
      const result = await work(actions);
      await follower.refreshNow();
      return result;
    },
    async close() {
      live.close();
      await follower.close();
    },
  };
}
