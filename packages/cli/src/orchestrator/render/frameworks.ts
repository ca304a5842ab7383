import { formatDuration } from '../../terminal/format.ts';
import type { Style } from '../../terminal/style.ts';
import { renderTable } from '../../terminal/table.ts';
import type { FrameworkView, OfferView } from '../views/frameworks.ts';
import { describeResources } from '../views/resources.ts';
import type { TaskView } from '../views/tasks.ts';

function stateOf({ completed, connected, active }: FrameworkView, style: Style): string {
  if (completed) return style.dim('completed');
  if (!connected) return style.bad('disconnected');
  return active ? style.good('active') : style.warn('inactive');
}

export interface FrameworkContext {
  readonly tasks: readonly TaskView[];
  readonly style: Style;
  readonly nowMs: number;
}

export function renderFrameworks(frameworks: readonly FrameworkView[], context: FrameworkContext): string {
  const { tasks, style, nowMs } = context;
  if (frameworks.length === 0) return 'no frameworks';
  const rows = frameworks.map((framework) => [
    framework.id,
    framework.name,
    stateOf(framework, style),
    framework.registered_ms === null ? '-' : formatDuration(Math.max(0, nowMs - framework.registered_ms)),
    framework.roles.join(','),
    String(tasks.filter(({ framework_id }) => framework_id === framework.id).length),
    describeResources(framework.allocated),
  ]);
  const titles = ['FRAMEWORK', 'NAME', 'STATE', 'SINCE', 'ROLES', 'TASKS', 'ALLOCATED'];
  return renderTable({ rows, style, columns: titles.map((title) => ({ title })) });
}

export function renderOffers(offers: readonly OfferView[], style: Style): string {
  if (offers.length === 0) return 'no offers wait for an answer';
  const rows = offers.map(({ id, framework_name, role, host, resources }) => [
    ...[id, framework_name, role ?? '*', host, describeResources(resources)],
  ]);
  const titles = ['OFFER', 'FRAMEWORK', 'ROLE', 'HOST', 'RESOURCES'];
  return renderTable({ rows, style, columns: titles.map((title) => ({ title })) });
}
