import { formatDuration } from '../../terminal/format.ts';
import type { Style } from '../../terminal/style.ts';
import { renderTable } from '../../terminal/table.ts';
import type { AgentView } from '../views/agents.ts';
import type { FrameworkView } from '../views/frameworks.ts';
import { describeResources } from '../views/resources.ts';
import { isOver, type TaskView } from '../views/tasks.ts';

export interface TaskContext {
  readonly frameworks: readonly FrameworkView[];
  readonly agents: readonly AgentView[];
  readonly nowMs: number;
  readonly style: Style;
  readonly width?: number;
}

const good: ReadonlySet<string> = new Set(['TASK_RUNNING', 'TASK_FINISHED']);
const underWay: ReadonlySet<string> = new Set([
  'TASK_STAGING',
  'TASK_STARTING',
  'TASK_KILLING',
  'TASK_KILLED',
]);

/** `running`, in its colour; what health checks say is added. */
export function renderTaskState(
  { state, healthy }: Pick<TaskView, 'state' | 'healthy'>,
  style: Style,
): string {
  const word = state
    .replace(/^TASK_/, '')
    .toLowerCase()
    .replaceAll('_', ' ');
  const tone = good.has(state) ? style.good : underWay.has(state) ? style.warn : style.bad;
  const health =
    healthy === null || state !== 'TASK_RUNNING' ? '' : healthy ? ', healthy' : style.bad(', unhealthy');
  return `${tone(word)}${health}`;
}

/** Longest of what a message is cut to in a list. */
const longestMessage = 60;

function remarkOn(task: TaskView): string {
  if (task.message === null || !isOver(task)) return '';
  const [line = ''] = task.message.split('\n');
  return line.slice(0, longestMessage);
}

export function renderTasks(tasks: readonly TaskView[], context: TaskContext): string {
  const { frameworks, agents, nowMs, style, width } = context;
  if (tasks.length === 0) return 'no tasks';
  const frameworkNames = new Map(frameworks.map(({ id, name }) => [id, name]));
  const hosts = new Map(agents.map(({ id, name }) => [id, name]));
  const rows = tasks.map((task) => [
    task.id,
    task.name,
    renderTaskState(task, style),
    task.changed_ms === null ? '-' : formatDuration(Math.max(0, nowMs - task.changed_ms)),
    frameworkNames.get(task.framework_id) ?? task.framework_id,
    hosts.get(task.agent_id) ?? task.agent_id,
    describeResources(task.resources),
    remarkOn(task),
  ]);
  const titles = ['TASK', 'NAME', 'STATE', 'SINCE', 'FRAMEWORK', 'HOST', 'RESOURCES', 'MESSAGE'];
  return renderTable({
    ...{ rows, style, columns: titles.map((title) => ({ title, flexible: title === 'MESSAGE' })) },
    ...(width === undefined ? {} : { width }),
  });
}
