import { formatDuration } from '../../terminal/format.ts';
import type { Style } from '../../terminal/style.ts';
import { renderFields, renderTable } from '../../terminal/table.ts';
import type { ClusterStatus, PartStatus } from '../cluster/status.ts';

const titles = ['PART', 'STATE', 'ADDRESS', 'PROCESS', 'RESTARTS'];

function stateText({ state }: PartStatus, style: Style): string {
  if (state === 'down' || state === 'silent') return style.bad(state);
  return state === 'leading' ? style.accent(state) : style.good(state);
}

export function renderCluster(status: ClusterStatus, style: Style, nowMs: number): string {
  const { parts, leader, supervised, folder, started_ms, containerizers, zk } = status;
  const rows = parts.map((part) => [
    ...[part.name, stateText(part, style), part.address],
    ...[part.pid === null ? '-' : String(part.pid), String(part.restarts)],
  ]);
  const fields: [string, string][] = [
    ['cluster', status.healthy ? style.good('healthy') : style.bad('not healthy')],
    ['leader', leader === null ? style.bad('none') : `http://${leader}`],
    ...(zk === null ? [] : [['masters in', zk] as [string, string]]),
    ['containers', containerizers.join(', ')],
    ['up for', formatDuration(Math.max(0, nowMs - started_ms))],
    ['folder', folder],
    ...(supervised
      ? []
      : [
          ['supervisor', style.bad('died; its parts run on until orchestrator cluster down')] as [
            string,
            string,
          ],
        ]),
  ];
  const table = renderTable({ rows, style, columns: titles.map((title) => ({ title })) });
  return `${renderFields(fields, style)}\n\n${table}`;
}
