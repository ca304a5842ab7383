/** The report for tickets, mails and version control. */
import {
  describeState,
  formatBytes,
  formatCount,
  formatDuration,
  formatMs,
  formatTime,
  keyFigures,
  maxRows,
  notPreserved,
  outcomeName,
  stepName,
} from './format.ts';
import type { Report } from './model.ts';

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function table(head: readonly string[], rows: readonly (readonly string[])[], total = rows.length): string {
  const lines = rows.slice(0, maxRows).map((row) => `| ${row.map(cell).join(' | ')} |`);
  const more = total > lines.length ? [`\n${formatCount(total - lines.length)} more are not shown.`] : [];
  return [`| ${head.join(' | ')} |`, `| ${head.map(() => '---').join(' | ')} |`, ...lines, ...more].join(
    '\n',
  );
}

function section(title: string, body: string): string {
  return `## ${title}\n\n${body}\n`;
}

function movedSection(report: Report): string {
  const { seed, verify, baseline, performance, archive } = report.facts;
  const lines = [
    `- From: ${report.facts.source}`,
    `- To: ${report.facts.target}`,
    ...(seed === null ? [] : [`- Seeded: ${formatCount(seed.nodes)} nodes, ${formatBytes(seed.bytes)}`]),
    ...(verify === null
      ? []
      : [
          `- Verified: ${formatCount(verify.nodes.source)} and ${formatCount(verify.nodes.target)} nodes, ${verify.differenceCount} differences, ${verify.expected.length} known and explained, in ${formatDuration(verify.durationMs)}`,
          `- Checksums: \`${verify.checksum.source}\` and \`${verify.checksum.target}\``,
        ]),
    ...(baseline === null
      ? []
      : [`- Reads of the source before: p50 ${formatMs(baseline.p50Ms)}, p99 ${formatMs(baseline.p99Ms)}`]),
    ...(performance === null
      ? []
      : [
          `- Reads of the target after: p50 ${formatMs(performance.p50Ms)}, p99 ${formatMs(performance.p99Ms)}`,
        ]),
    ...(archive === null
      ? []
      : [
          archive.file === null
            ? `- Archive of the source: none, ${archive.why}`
            : `- Archive of the source: ${archive.file} (${formatBytes(archive.bytes ?? 0)}, encrypted)`,
        ]),
  ];
  return section('What was moved', lines.join('\n'));
}

function phasesSection(report: Report): string {
  const rows = report.phases.flatMap((phase) => [
    [`**${phase.number} ${phase.name}**`, '', formatDuration(phase.durationMs)],
    ...phase.steps.map((row) => [stepName(row), outcomeName(row), formatDuration(row.durationMs)]),
  ]);
  return section('Phases', rows.length === 0 ? 'None yet.' : table(['Step', 'Outcome', 'Time'], rows));
}

function checksSection(report: Report): string {
  const rows = report.facts.checks.flatMap(({ title, results }) =>
    results.map((result) => [result.status, title, result.check, result.found, result.remedy ?? '']),
  );
  return section(
    'Checks',
    rows.length === 0 ? 'None yet.' : table(['', 'When', 'Check', 'Found', 'Remedy'], rows),
  );
}

function conflictsSection(report: Report): string {
  const { conflicts, conflictCount } = report.facts;
  const rows = conflicts.map((row) => [row.path, formatTime(row.timeMs), row.decision, row.reason]);
  return section(
    'Conflicts',
    rows.length === 0 ? 'None.' : table(['Path', 'Time', 'Decision', 'Reason'], rows, conflictCount),
  );
}

function notPreservedSection(report: Report): string {
  const rows = notPreserved(report).map(({ where, what, why }) => [where, what, why]);
  return section(
    'Not preserved, and why',
    rows.length === 0 ? 'Nothing.' : table(['Where', 'What', 'Why'], rows),
  );
}

export function reportToMarkdown(report: Report): string {
  const { audit } = report.facts;
  const chain = audit.intact ? 'intact' : `BROKEN: ${audit.findings.join('; ')}`;
  return [
    `# Migration ${report.name}`,
    '',
    `${describeState(report.state)}. Migration \`${report.id}\`, reported ${formatTime(report.generatedMs)}.`,
    '',
    table(
      ['', 'Value', ''],
      keyFigures(report).map(({ name, value, note }) => [name, value, note]),
    ),
    '',
    movedSection(report),
    phasesSection(report),
    checksSection(report),
    conflictsSection(report),
    notPreservedSection(report),
    section(
      'Audit log',
      `${formatCount(audit.entries)} entries, chain ${chain}; head \`${audit.headHash}\`.`,
    ),
  ].join('\n');
}
