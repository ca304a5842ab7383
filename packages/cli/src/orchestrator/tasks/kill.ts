/** `kill`: through the framework where it is ours and has been left, else at the agent. */
import { agent as agentApi, type FrameworkInfoValid, master } from '@orchestrator/mesos';
import type { CommandContext } from '../../program/context.ts';
import { CliError } from '../../program/errors.ts';
import type { Cluster } from '../connection/cluster.ts';
import { isOver, type TaskView } from '../views/tasks.ts';
import { nestedId } from './container-id.ts';
import { runLabel } from './description.ts';
import { type LocatedTask, locateTask } from './locate.ts';
import { OneTask } from './one-task.ts';

export interface KillResult {
  readonly task_id: string;
  /** `framework`: it was ended as its framework would have; `agent`: its container was, and its framework hears of it. */
  readonly by: 'framework' | 'agent';
}

export interface KillOptions {
  readonly context: CommandContext;
  readonly cluster: Cluster;
  readonly wanted: string;
  /** Number of the signal that the agent sends. */
  readonly signal: number;
}

const patienceMs = 60_000;

/** @throws CliError `not-found`, `precondition` when it has ended or has no container yet */
export async function killTask({ context, cluster, wanted, signal }: KillOptions): Promise<KillResult> {
  const located = await locateTask(cluster, wanted);
  const { task } = located;
  if (isOver(task))
    throw new CliError('precondition', `task ${task.id} has ended already (${task.state})`, {
      remedy: 'orchestrator tasks lists those that run',
    });
  const left = await findLeftFramework(cluster, task);
  if (left === undefined) {
    await killAtAgent(located, signal);
    return { task_id: task.id, by: 'agent' };
  }
  await takeOverAndKill(context, cluster, left, task);
  return { task_id: task.id, by: 'framework' };
}

/** Of `run --detach`: nobody speaks for it any more, and it has this task alone. */
async function findLeftFramework(cluster: Cluster, task: TaskView): Promise<FrameworkInfoValid | undefined> {
  const { getFrameworks } = await cluster.ask({ type: master.Call_Type.GET_FRAMEWORKS });
  const found = getFrameworks?.frameworks.find(
    ({ frameworkInfo: { id } }) => id?.value === task.framework_id,
  );
  if (found === undefined || found.connected) return undefined;
  const isOurs = found.frameworkInfo.labels?.labels.some(({ key }) => key === runLabel) === true;
  return isOurs ? found.frameworkInfo : undefined;
}

async function takeOverAndKill(
  { clock }: CommandContext,
  cluster: Cluster,
  frameworkInfo: FrameworkInfoValid,
  { id, agent_id }: TaskView,
): Promise<void> {
  const owner = new OneTask({
    ...{ cluster, frameworkInfo, taskId: id, description: undefined },
    onStatus: () => undefined,
  });
  const late = Promise.withResolvers<never>();
  const timer = clock.after(patienceMs, () => {
    late.reject(new CliError('timeout', `task ${id} did not end within ${patienceMs / 1000} s`));
  });
  try {
    await Promise.race([owner.subscribed, owner.ended, late.promise]);
    await owner.kill(agent_id);
    await Promise.race([owner.ended, late.promise]);
    await owner.tearDown();
  } finally {
    timer.cancel();
    owner.leave();
  }
}

async function killAtAgent({ task, agent }: LocatedTask, signal: number): Promise<void> {
  const containerId = nestedId(task.container_ids);
  if (containerId === undefined)
    throw new CliError('precondition', `task ${task.id} has no container yet (${task.state})`, {
      remedy: 'try again once it runs',
    });
  await agent.call({ type: agentApi.Call_Type.KILL_CONTAINER, killContainer: { containerId, signal } });
}
