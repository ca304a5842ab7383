import { formatDuration } from '../../terminal/format.ts';
import type { Style } from '../../terminal/style.ts';
import { renderTable } from '../../terminal/table.ts';
import type { AgentView } from '../views/agents.ts';
import { describeUse } from '../views/resources.ts';

function stateOf(agent: AgentView, style: Style): string {
  if (agent.drain !== null) return style.warn(agent.drain.toLowerCase());
  if (agent.deactivated) return style.warn('deactivated');
  return agent.active ? style.good('active') : style.bad('away');
}

export function renderAgents(agents: readonly AgentView[], style: Style, nowMs: number): string {
  if (agents.length === 0) return 'no agents';
  const rows = agents.map((agent) => [
    agent.id,
    `${agent.name} (${agent.host}:${agent.port})`,
    stateOf(agent, style),
    agent.registered_ms === null ? '-' : formatDuration(Math.max(0, nowMs - agent.registered_ms)),
    describeUse('cpus', agent.allocated, agent.total),
    describeUse('mem', agent.allocated, agent.total),
    Object.entries(agent.attributes)
      .map(([name, value]) => `${name}:${value}`)
      .join(' '),
  ]);
  const titles = ['AGENT', 'HOST', 'STATE', 'SINCE', 'CPUS', 'MEM (MB)', 'ATTRIBUTES'];
  return renderTable({ rows, style, columns: titles.map((title) => ({ title })) });
}
