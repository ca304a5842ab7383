/** From what somebody types to a task and the agent that has it. */
import type { AgentClient } from '@orchestrator/mesos';
import { CliError } from '../../program/errors.ts';
import type { Cluster } from '../connection/cluster.ts';
import { readAgents, readTasks } from '../connection/reads.ts';
import type { AgentView } from '../views/agents.ts';
import { findOne } from '../views/find.ts';
import { isOver, type TaskView } from '../views/tasks.ts';

export interface LocatedTask {
  readonly task: TaskView;
  readonly host: AgentView;
  readonly agent: AgentClient;
}

/** Live ones first: a name that is used again means the one that runs. */
async function findTask(cluster: Cluster, wanted: string): Promise<TaskView> {
  const tasks = await readTasks(cluster, 'all');
  const live = tasks.filter((task) => !isOver(task));
  const isMeant = ({ id, name }: TaskView) => id === wanted || name === wanted;
  return findOne(live.some(isMeant) && !tasks.some(({ id }) => id === wanted) ? live : tasks, wanted, 'task');
}

/** @throws CliError `not-found`, `invalid` when several are meant, `unavailable` when its agent is not registered */
export async function locateTask(cluster: Cluster, wanted: string): Promise<LocatedTask> {
  const [task, agents] = await Promise.all([findTask(cluster, wanted), readAgents(cluster)]);
  const host = agents.find(({ id }) => id === task.agent_id);
  if (host === undefined)
    throw new CliError('unavailable', `the agent of task ${task.id}, ${task.agent_id}, is not registered`, {
      remedy: 'it is unreachable or gone; orchestrator agents lists those that are there',
    });
  return { task, host, agent: cluster.agent(addressOf(cluster, host)) };
}

/** Certificates are made out to names; without them the address that the agent itself has given is surer. */
const addressOf = ({ transport }: Cluster, { name, host, port }: AgentView) => ({
  host: transport.scheme === 'https' ? name : host,
  port,
});
