import { formatCount, formatLag } from '../../terminal/format.ts';
import type { Style } from '../../terminal/style.ts';
import { renderTable } from '../../terminal/table.ts';
import type { Direction, SyncStatus } from '../api.ts';

const arrow = { source: 'A → B', target: 'B → A' } as const;

const tones = {
  syncing: 'good',
  standby: 'good',
  failing: 'bad',
  paused: 'warn',
  starting: 'accent',
  copying: 'accent',
  stopped: 'dim',
} as const satisfies Record<SyncStatus['state'], keyof Style>;

/** `A → B 310/s lag 3.1 ms / 11 ms, backlog 0`, for one line among others. */
export function summariseDirection(direction: Direction): string {
  const { from, backlog } = direction;
  const waiting = backlog === 0 ? '' : `, ${formatCount(backlog)} waiting`;
  return `${arrow[from]} ${formatCount(direction.applied_per_s)}/s, lag ${formatLag(direction.lag_p50_ms)} (p99 ${formatLag(direction.lag_p99_ms)})${waiting}`;
}

export function renderSync(status: SyncStatus, style: Style): string {
  const { state, leader, term, conflicts, mirror_sessions: mirrored, problem } = status;
  const held =
    conflicts.held === 0 ? '' : style.warn(` (${formatCount(conflicts.held)} wait for a decision)`);
  const lines = [
    `${style[tones[state]](state)}${leader === null ? '' : `, led by ${leader} (term ${term})`}, conflicts ${formatCount(conflicts.total)}${held}, mirror sessions ${formatCount(mirrored)}`,
    ...(problem === null ? [] : [style.bad(problem)]),
  ];
  if (status.directions.length === 0) return lines.join('\n');
  const table = renderTable({
    style,
    columns: [
      { title: 'DIRECTION' },
      { title: 'CAPTURE' },
      { title: 'APPLIED', align: 'right' },
      { title: 'PER S', align: 'right' },
      { title: 'BACKLOG', align: 'right' },
      { title: 'LAG P50', align: 'right' },
      { title: 'P99', align: 'right' },
      { title: 'WHY THIS CAPTURE', flexible: true },
    ],
    rows: status.directions.map((direction) => [
      arrow[direction.from],
      direction.capture,
      formatCount(direction.applied),
      formatCount(direction.applied_per_s),
      formatCount(direction.backlog),
      formatLag(direction.lag_p50_ms),
      formatLag(direction.lag_p99_ms),
      direction.capture_reason,
    ]),
  });
  return [...lines, table].join('\n');
}
