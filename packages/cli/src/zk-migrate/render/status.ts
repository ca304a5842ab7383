import { formatCount, formatDuration, formatTime, plural } from '../../terminal/format.ts';
import { createPaceMeter, renderProgress } from '../../terminal/progress.ts';
import type { Style } from '../../terminal/style.ts';
import { renderFields, renderTable } from '../../terminal/table.ts';
import { addressOf, type Migration, type MigrationView } from '../api.ts';
import { describeFailure } from '../follow/changes.ts';
import { nextCommands, renderPhases, renderStatusWord } from './phases.ts';
import { renderSync } from './sync.ts';

const barWidth = 28;

const ageOf = ({ started_ms: startedMs, completed_ms: completedMs }: Migration, nowMs: number): string =>
  startedMs === null ? '-' : formatDuration((completedMs ?? nowMs) - startedMs);

/** Everything there is to know at one look. */
export function renderStatus(view: MigrationView, style: Style, nowMs: number): string {
  const { id, name, status, phase, live, leader } = view;
  const head = renderFields(
    [
      ['migration', `${style.bold(name)} ${id}`],
      ['status', `${renderStatusWord(status, style)}, phase ${phase}, begun ${ageOf(view, nowMs)} ago`],
      ['A', clusterLine(view, 'source')],
      ['B', clusterLine(view, 'target')],
      ['coordinator', leader ?? style.warn('none runs; zk-migrate serve starts one')],
    ],
    style,
  );
  const commands = nextCommands(view).map((line) => `  ${style.accent(line)}`);
  const sections = [
    head,
    renderPhases(view, style, nowMs),
    progressOf(view, style),
    syncOf(view, style),
    live?.instruction == null ? '' : `${style.bold('to be done by you:')}\n${live.instruction}`,
    (live?.alerts ?? []).map((alert) => style.warn(`alert: ${alert.message}`)).join('\n'),
    status === 'failed' ? describeFailure(view, style).join('\n') : '',
    commands.length === 0 ? '' : `next:\n${commands.join('\n')}`,
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

function syncOf({ live, leader }: MigrationView, style: Style): string {
  if (live?.sync == null) return '';
  const sync = renderSync(live.sync, style);
  return leader === null ? `${style.warn('nothing is carried now; as it was last:')}\n${sync}` : sync;
}

function clusterLine({ config, live }: MigrationView, role: 'source' | 'target'): string {
  const health = live?.[role] ?? null;
  const connections = live?.clients[role] ?? null;
  return [
    addressOf(config[role]),
    ...(health === null ? [] : [`${health.serving} of ${health.total} servers serve`]),
    ...(connections === null ? [] : [plural(connections, 'connection')]),
  ].join(', ');
}

function progressOf({ live }: MigrationView, style: Style): string {
  const progress = live?.progress ?? null;
  if (progress === null) return '';
  const pace = createPaceMeter().observe(progress, 0);
  return renderProgress({ advance: progress, pace, style, barWidth });
}

export function renderMigrations(migrations: readonly Migration[], style: Style, nowMs: number): string {
  return renderTable({
    style,
    columns: [
      { title: 'MIGRATION' },
      { title: 'NAME' },
      { title: 'STATUS' },
      { title: 'PHASE', align: 'right' },
      { title: 'CREATED' },
      { title: 'TOOK', align: 'right' },
    ],
    rows: migrations.map((migration) => [
      migration.id,
      migration.name,
      renderStatusWord(migration.status, style),
      formatCount(migration.phase),
      formatTime(migration.created_ms),
      ageOf(migration, nowMs),
    ]),
  });
}
