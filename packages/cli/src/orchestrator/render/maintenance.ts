import { formatDuration, formatTime } from '../../terminal/format.ts';
import type { Style } from '../../terminal/style.ts';
import { renderTable } from '../../terminal/table.ts';
import type { MaintenanceView } from '../views/maintenance.ts';

export function renderMaintenance({ windows, draining, down }: MaintenanceView, style: Style): string {
  if (windows.length + draining.length + down.length === 0) return 'nothing is planned';
  const stateOf = (machine: string) => {
    if (down.includes(machine)) return style.bad('down');
    return draining.includes(machine) ? style.warn('draining') : 'up';
  };
  const rows = windows.flatMap(({ machines, start_ms, duration_ms }) =>
    machines.map((machine) => [
      ...[machine, stateOf(machine), formatTime(start_ms)],
      duration_ms === null ? 'without an end' : formatDuration(duration_ms),
    ]),
  );
  const titles = ['MACHINE', 'STATE', 'FROM', 'FOR'];
  return renderTable({ rows, style, columns: titles.map((title) => ({ title })) });
}
