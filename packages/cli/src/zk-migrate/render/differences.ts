import { formatCount, formatDuration, plural } from '../../terminal/format.ts';
import type { Style } from '../../terminal/style.ts';
import { renderFields, renderTable } from '../../terminal/table.ts';
import type { Difference, Verification } from '../api.ts';

function table(differences: readonly Difference[], style: Style, width: number): string {
  return renderTable({
    style,
    width,
    columns: [{ title: 'PATH', flexible: true }, { title: 'FIELD' }, { title: 'A' }, { title: 'B' }],
    rows: differences.flatMap(({ path, fields }) =>
      fields.map(({ field, source, target }, index) => [index === 0 ? path : '', field, source, target]),
    ),
  });
}

/** What a comparison of the two trees found. */
export function renderVerification(report: Verification, style: Style, width: number): string {
  const { nodes, checksum, differences, expected, difference_count: count, duration_ms: durationMs } = report;
  const summary = renderFields(
    [
      [
        'compared',
        `${formatCount(nodes.source)} znodes of A with ${formatCount(nodes.target)} of B in ${formatDuration(durationMs)}`,
      ],
      [
        'checksum',
        checksum.source === checksum.target ? checksum.source : `${checksum.source} and ${checksum.target}`,
      ],
      ['differences', count === 0 ? style.good('none') : style.bad(formatCount(count))],
      ['explained', plural(expected.length, 'known difference')],
    ],
    style,
  );
  if (differences.length === 0) return summary;
  const more = count - differences.length;
  return [
    summary,
    '',
    table(differences, style, width),
    ...(more > 0 ? [`and ${formatCount(more)} more`] : []),
  ].join('\n');
}
