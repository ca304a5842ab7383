import { formatTime } from '../../terminal/format.ts';
import type { Style } from '../../terminal/style.ts';
import { renderFields, renderTable } from '../../terminal/table.ts';
import type { Conflict } from '../api.ts';

type Value = NonNullable<Conflict['source']>;

const decisionOf = ({ decision, resolved_ms: resolvedMs }: Conflict, style: Style): string => {
  if (decision === 'held' && resolvedMs === null) return style.warn('waits for you');
  return decision === 'source' ? 'A' : decision === 'target' ? 'B' : decision;
};

export function renderConflicts(conflicts: readonly Conflict[], style: Style, width: number): string {
  return renderTable({
    style,
    width,
    columns: [
      { title: 'CONFLICT' },
      { title: 'WHEN' },
      { title: 'WINNER' },
      { title: 'PATH', flexible: true },
    ],
    rows: conflicts.map((conflict) => [
      conflict.id,
      formatTime(conflict.recorded_ms),
      decisionOf(conflict, style),
      conflict.path,
    ]),
  });
}

/** Data is text where it can be read, else its bytes in hex; never more than what fits into a few lines. */
function renderData(base64: string | null): string {
  if (base64 === null) return '(no data)';
  const bytes = Buffer.from(base64, 'base64');
  const text = bytes.toString('utf8');
  const readable = Buffer.from(text, 'utf8').equals(bytes) && !/[\p{Cc}--[\n\t]]/v.test(text);
  const shown = readable ? text : bytes.toString('hex');
  return `${shown.length > longestValue ? `${shown.slice(0, longestValue)}…` : shown} (${bytes.length} bytes)`;
}

const longestValue = 400;

function renderValue(value: Value | null): string {
  if (value === null) return 'deleted, or never there';
  const acl = value.acl.map(({ scheme, id, perms }) => `${scheme}:${id}:${perms}`).join(' ');
  return [
    renderData(value.data),
    `  version ${value.version}, aversion ${value.aversion}, changed ${formatTime(value.time_ms)}, mzxid ${value.mzxid}`,
    `  acl ${acl}`,
  ].join('\n');
}

export function renderConflict(conflict: Conflict, style: Style): string {
  const { id, path, strategy, reason, recorded_ms: recordedMs, resolved_ms: resolvedMs } = conflict;
  const fields = renderFields(
    [
      ['conflict', id],
      ['path', path],
      ['strategy', strategy],
      ['winner', decisionOf(conflict, style)],
      ['because', reason],
      ['recorded', formatTime(recordedMs)],
      ...(resolvedMs === null ? [] : [['resolved', formatTime(resolvedMs)] as const]),
    ],
    style,
  );
  return [
    fields,
    '',
    `${style.bold('A')}  ${renderValue(conflict.source)}`,
    `${style.bold('B')}  ${renderValue(conflict.target)}`,
  ].join('\n');
}
