/** `kill`: through the framework where it is one of `run`, at the agent where Mesos lets operators. */
import { agent as agentApi, type FrameworkInfoValid, master } from '@orchestrator/mesos';
import type { CommandContext } from '../../program/context.ts';
import { CliError } from '../../program/errors.ts';
import type { Cluster } from '../connection/cluster.ts';
import { isOver, type TaskView } from '../views/tasks.ts';
import { nestedId } from './container-id.ts';
import { runLabel } from './description.ts';
import { locateTask } from './locate.ts';
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

/** @throws CliError `not-found`, `precondition` when it has ended or its framework alone can end it */
export async function killTask({ context, cluster, wanted, signal }: KillOptions): Promise<KillResult> {
  const located = await locateTask(cluster, wanted);
  const { task, agent } = located;
  if (isOver(task))
    throw new CliError('precondition', `task ${task.id} has ended already (${task.state})`, {
      remedy: 'orchestrator tasks lists those that run',
    });
  const framework = await frameworkOf(cluster, task);
  if (framework?.labels?.labels.some(({ key }) => key === runLabel) === true) {
    await takeOverAndKill(context, cluster, framework, task);
    return { task_id: task.id, by: 'framework' };
  }
  // Mesos lets operators end containers within others, not those that agents have made for executors.
  const containerId = task.container_ids.length > 1 ? nestedId(task.container_ids) : undefined;
  if (containerId === undefined) throw belongsTo(framework?.name ?? task.framework_id, task);
  await agent.call({ type: agentApi.Call_Type.KILL_CONTAINER, killContainer: { containerId, signal } });
  return { task_id: task.id, by: 'agent' };
}

function belongsTo(framework: string, { id, framework_id }: TaskView): CliError {
  return new CliError(
    'precondition',
    `task ${id} belongs to framework ${framework}, which alone can end it`,
    {
      remedy: `scale it down there; orchestrator teardown ${framework_id} ends the framework with all its tasks`,
    },
  );
}

async function frameworkOf(cluster: Cluster, task: TaskView): Promise<FrameworkInfoValid | undefined> {
  const { getFrameworks } = await cluster.ask({ type: master.Call_Type.GET_FRAMEWORKS });
  const infos = getFrameworks?.frameworks.map(({ frameworkInfo }) => frameworkInfo) ?? [];
  return infos.find(({ id }) => id?.value === task.framework_id);
}

async function takeOverAndKill(
  { clock }: CommandContext,
  cluster: Cluster,
  frameworkInfo: FrameworkInfoValid,
  { id, agent_id }: TaskView,
): Promise<void> {
  const owner = new OneTask({
    ...{ cluster, frameworkInfo, taskId: id, description: undefined, clock },
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
