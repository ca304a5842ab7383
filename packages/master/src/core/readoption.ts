/** What an agent brings when it registers again goes back into the books. */
import {
  type internal,
  isTerminal,
  makeMessage,
  internal as messages,
  Resources,
  setResourceFormats,
  TaskSchema,
  TaskState,
  TaskStatus_Reason,
  TaskStatusSchema,
  type TaskValid,
} from '@orchestrator/mesos';
import { log, type MasterContext, toAgent } from './context.ts';
import { addFramework, updateMessage } from './frameworks.ts';
import { normalize } from './launch.ts';
import type { AgentRecord, FrameworkRecord } from './records.ts';
import { masterStatus, sendStatus } from './statuses.ts';
import { addExecutor, addTask, hasExecutor } from './tasks.ts';

/** The framework, known from before, or from what the agent says of it; undefined for one that was removed. */
function frameworkOf(
  context: MasterContext,
  agent: AgentRecord,
  id: string,
  message: internal.ReregisterSlaveMessageValid,
): FrameworkRecord | undefined {
  const { frameworks, completedFrameworks } = context.state;
  const known = frameworks.get(id);
  if (known !== undefined) return known;
  const info = message.frameworks.find((each) => each.id?.value === id);
  if (completedFrameworks.has(id) || info === undefined) {
    const shutdown = makeMessage(messages.ShutdownFrameworkMessageSchema, { frameworkId: { value: id } });
    toAgent(context, agent.pid, 'ShutdownFrameworkMessage', shutdown);
    log(context, 'warn', 'agent runs tasks of a framework that is over', {
      agentId: agent.id,
      frameworkId: id,
    });
    return undefined;
  }
  return addFramework(context, id, info, undefined);
}

/** Tasks without an allocation come from agents of before: their framework had one role. */
function roleOf(framework: FrameworkRecord): string {
  return framework.roles[0] ?? '*';
}

function readoptTask(
  context: MasterContext,
  agent: AgentRecord,
  framework: FrameworkRecord,
  message: TaskValid,
  wasUnreachable: boolean,
): void {
  setResourceFormats(TaskSchema, message, 'stack');
  normalize(message.resources, roleOf(framework));
  const taskId = message.taskId.value;
  framework.unreachableTasks.delete(taskId);
  const elsewhere = framework.tasks.get(taskId);
  if (elsewhere !== undefined && elsewhere.agentId !== agent.id) {
    // Twice under one id: the framework launched it anew while this agent was away. Both are reported, neither is forgotten.
    log(context, 'warn', 'a task runs on two agents', { taskId, agents: [elsewhere.agentId, agent.id] });
  }
  addTask(context, framework, agent, message, Resources.from(message.resources));
  if (!wasUnreachable || isTerminal(message.state)) return;
  const status = masterStatus(context, framework, {
    ...{ taskId, agentId: agent.id, executorId: message.executorId?.value, state: message.state },
    reason: TaskStatus_Reason.AGENT_REREGISTERED,
    message: 'Unreachable agent re-reregistered',
    latest: message.statuses.at(-1),
  });
  sendStatus(context, framework, status);
}

/** By the agent's own word, not because the master gave it up. */
function hasEnded(framework: FrameworkRecord, agent: AgentRecord, task: TaskValid): boolean {
  const key = `${agent.id} ${task.taskId.value}`;
  const completed = framework.completedTasks.get(key);
  if (completed !== undefined && Object.hasOwn(completed.message, 'statusUpdateUuid')) return true;
  framework.completedTasks.delete(key);
  return false;
}

/** Executors and tasks that are not in the books yet, with the frameworks that they belong to. */
export function readoptTasks(
  context: MasterContext,
  agent: AgentRecord,
  message: internal.ReregisterSlaveMessageValid,
  wasUnreachable: boolean,
): void {
  const told = new Set<string>();
  const adopt = (id: string): FrameworkRecord | undefined => {
    const framework = frameworkOf(context, agent, id, message);
    if (framework !== undefined && !told.has(id) && framework.connection !== undefined) {
      told.add(id);
      toAgent(context, agent.pid, 'UpdateFrameworkMessage', updateMessage(framework));
    }
    return framework;
  };
  for (const executor of message.executorInfos) {
    const framework = adopt(executor.frameworkId?.value ?? '');
    if (framework === undefined) continue;
    if (hasExecutor(agent, framework.id, executor.executorId.value)) continue;
    normalize(executor.resources, roleOf(framework));
    addExecutor(framework, agent, executor, Resources.from(executor.resources));
  }
  for (const task of message.tasks) {
    if (agent.tasks.get(task.frameworkId.value)?.has(task.taskId.value)) continue;
    const framework = adopt(task.frameworkId.value);
    // Its end was acknowledged already: what the agent said of it is older.
    if (framework === undefined || hasEnded(framework, agent, task)) continue;
    readoptTask(context, agent, framework, task, wasUnreachable);
  }
}

/** Tasks that are in the books and not on the agent, by framework: it answers with an update for each. */
export function reconcileAgent(
  context: MasterContext,
  agent: AgentRecord,
  tasks: readonly TaskValid[],
): internal.ReconcileTasksMessageValid[] {
  const present = new Set(tasks.map((task) => `${task.frameworkId.value} ${task.taskId.value}`));
  const missing: internal.ReconcileTasksMessageValid[] = [];
  for (const [frameworkId, known] of agent.tasks) {
    const framework = context.state.frameworks.get(frameworkId);
    const lost = [...known.values()].filter(
      (task) => !isTerminal(task.message.state) && !present.has(`${frameworkId} ${task.taskId}`),
    );
    if (framework === undefined || lost.length === 0) continue;
    const statuses = lost.map((task) =>
      makeMessage(TaskStatusSchema, {
        taskId: { value: task.taskId },
        agentId: { value: agent.id },
        state: TaskState.TASK_STAGING,
        source: 0,
        reason: TaskStatus_Reason.RECONCILIATION,
        message: 'Task is unknown to the agent',
        timestamp: context.nowMs / 1000,
      }),
    );
    missing.push(
      makeMessage(messages.ReconcileTasksMessageSchema, {
        frameworkId: { value: frameworkId },
        statuses,
        framework: framework.info,
      }),
    );
  }
  return missing;
}
