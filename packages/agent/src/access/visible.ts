/** The part of an agent's state that a principal may see. */

import { type Acls, noAcls } from '@orchestrator/mesos';
import type { AgentState, ExecutorRecord, FrameworkRecord } from '../core/records.ts';

/** As whom an executor runs: objects of ACLs are users. */
export const userOfExecutor = ({ info: framework }: FrameworkRecord, { info }: ExecutorRecord): string =>
  info.command?.user || framework.user;

function visibleExecutor(
  framework: FrameworkRecord,
  executor: ExecutorRecord,
  maySee: (user: string) => boolean,
): ExecutorRecord {
  const userOf = (user: string) => user || userOfExecutor(framework, executor);
  const tasks = [...executor.tasks].filter(([, { task }]) => maySee(userOf(task.user)));
  return {
    ...executor,
    tasks: new Map(tasks),
    completedTasks: executor.completedTasks.filter(({ user }) => maySee(userOf(user))),
  };
}

/** The same object where there are no ACLs; otherwise without the frameworks, executors and tasks that are not shown. */
export function visibleState(state: AgentState, acls: Acls, principal: string | undefined): AgentState {
  if (acls === noAcls) return state;
  const executors = (framework: FrameworkRecord, all: Iterable<ExecutorRecord>) =>
    [...all]
      .filter((executor) => acls.permits('view_executor', principal, userOfExecutor(framework, executor)))
      .map((executor) =>
        visibleExecutor(framework, executor, (user) => acls.permits('view_task', principal, user)),
      );
  const shown = (frameworks: Iterable<FrameworkRecord>) =>
    [...frameworks]
      .filter(({ info }) => acls.permits('view_framework', principal, info.user))
      .map((framework) => ({
        ...framework,
        executors: new Map(
          executors(framework, framework.executors.values()).map((one) => [one.info.executorId.value, one]),
        ),
        completedExecutors: executors(framework, framework.completedExecutors),
      }));
  return {
    ...state,
    frameworks: new Map(shown(state.frameworks.values()).map((framework) => [framework.id, framework])),
    completedFrameworks: shown(state.completedFrameworks),
  };
}
