/** The report as one HTML file that needs nothing else: it can be mailed, archived and opened without a network. */
import type { CheckResult } from '../phases/check.ts';
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
import type { PhaseRow, Report } from './model.ts';
import { linePlot } from './plot.ts';
import { reportStyle } from './style.ts';

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => entities[character] ?? '');

const stateClasses: Partial<Record<Report['state']['status'], string>> = {
  completed: 'good',
  failed: 'bad',
  'rolling-back': 'warn',
  'rolled-back': 'warn',
  paused: 'warn',
};

const statusClasses: Record<CheckResult['status'], string> = { ok: 'good', warn: 'warn', fail: 'bad' };
const statusNames: Record<CheckResult['status'], string> = {
  ok: '✓ ok',
  warn: '! warning',
  fail: '✗ failed',
};

/** Rows of cells that are HTML already. */
function table(head: readonly string[], rows: readonly string[], total = rows.length): string {
  const shown = rows.slice(0, maxRows);
  const more =
    total > shown.length
      ? `<p class="note">${formatCount(total - shown.length)} more are not shown.</p>`
      : '';
  return `<div class="scroll"><table><thead><tr>${head.join('')}</tr></thead><tbody>${shown.join('')}</tbody></table></div>${more}`;
}

const section = (title: string, body: string) => `<section><h2>${title}</h2>${body}</section>`;
const head = (text: string, kind = '') => `<th${kind === '' ? '' : ` class="${kind}"`}>${text}</th>`;
const cell = (text: string, kind = '') =>
  `<td${kind === '' ? '' : ` class="${kind}"`}>${escapeHtml(text)}</td>`;

function figures(report: Report): string {
  const cards = keyFigures(report).map(
    ({ name, value, note }) =>
      `<div class="figure"><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd><small>${escapeHtml(note)}</small></div>`,
  );
  return `<dl class="figures">${cards.join('')}</dl>`;
}

function moved(report: Report): string {
  const { source, target, seed, verify, baseline, performance, archive } = report.facts;
  const rows: [string, string][] = [];
  if (seed !== null) rows.push(['Seeded', `${formatCount(seed.nodes)} nodes, ${formatBytes(seed.bytes)}`]);
  if (verify !== null) {
    const known =
      verify.expected.length === 0 ? '' : `, ${formatCount(verify.expected.length)} known and explained`;
    rows.push([
      'Verified',
      `${formatCount(verify.nodes.target)} nodes, ${formatCount(verify.differenceCount)} differences${known}, in ${formatDuration(verify.durationMs)}`,
    ]);
    rows.push(
      ['Checksum of the source', verify.checksum.source],
      ['Checksum of the target', verify.checksum.target],
    );
  }
  const reads = (name: string, latency: typeof baseline) => {
    if (latency !== null) rows.push([name, `p50 ${formatMs(latency.p50Ms)}, p99 ${formatMs(latency.p99Ms)}`]);
  };
  reads('Reads of the source, before', baseline);
  reads('Reads of the target, after', performance);
  if (archive !== null)
    rows.push([
      'Archive of the source',
      archive.file === null
        ? `none: ${archive.why}`
        : `${archive.file}, ${formatBytes(archive.bytes ?? 0)}, encrypted`,
    ]);
  const route = `<div class="route"><div><b>From</b>${escapeHtml(source)}</div><span>→</span><div><b>To</b>${escapeHtml(target)}</div></div>`;
  const body = rows.map(([name, value]) => `<tr>${cell(name)}${cell(value)}</tr>`);
  return section('What was moved', route + (body.length === 0 ? '' : table([], body)));
}

function plots(report: Report): string {
  const { samples } = report.facts;
  const limit = report.lagThresholdMs;
  const lag = linePlot({
    title: 'Lag',
    unit: 'ms',
    points: samples.map(({ timeMs, lagMs }) => ({ timeMs, value: lagMs })),
    threshold: { value: limit, label: `threshold ${limit} ms` },
  });
  const rate = linePlot({
    title: 'Throughput',
    unit: 'perS',
    points: samples.map(({ timeMs, appliedPerS }) => ({ timeMs, value: appliedPerS })),
  });
  return section(
    'Synchronisation',
    `<h3>Lag from commit to commit</h3>${lag}<h3>Changes applied per second, both directions</h3>${rate}`,
  );
}

function phaseBody(phase: PhaseRow, longestMs: number): string[] {
  const title = `<tr class="phase">${cell(`Phase ${phase.number}: ${phase.name}`)}<td></td>${cell(formatDuration(phase.durationMs), 'number')}</tr>`;
  const steps = phase.steps.map((row) => {
    const share = row.durationMs === null ? 0 : (row.durationMs / longestMs) * 100;
    const bar = `<i class="bar" style="width:${Math.max(0.5, share).toFixed(1)}%"></i>`;
    const kind =
      row.outcome === 'done' ? 'status good' : row.outcome === 'failed' ? 'status bad' : 'status warn';
    return `<tr><td class="step">${escapeHtml(stepName(row))}${bar}</td>${cell(outcomeName(row), kind)}${cell(formatDuration(row.durationMs), 'number')}</tr>`;
  });
  return [title, ...steps];
}

function phases(report: Report): string {
  const longestMs = Math.max(
    1,
    ...report.phases.flatMap((phase) => phase.steps.map((row) => row.durationMs ?? 0)),
  );
  const rows = report.phases.flatMap((phase) => phaseBody(phase, longestMs));
  if (rows.length === 0) return section('Phases', '<p class="empty">None yet.</p>');
  return section('Phases', table([head('Step'), head('Outcome'), head('Time', 'number')], rows));
}

function checks(report: Report): string {
  const groups = report.facts.checks.map(({ title, results }) => {
    const rows = results.map(({ status, check, found, remedy }) => {
      const advice =
        remedy === null || status === 'ok'
          ? ''
          : `<br><small class="${statusClasses[status]}">${escapeHtml(remedy)}</small>`;
      return `<tr><td class="status ${statusClasses[status]}">${statusNames[status]}</td>${cell(check)}<td>${escapeHtml(found)}${advice}</td></tr>`;
    });
    return `<h3>${escapeHtml(title)}</h3>${table([], rows)}`;
  });
  return section('Checks', groups.length === 0 ? '<p class="empty">None yet.</p>' : groups.join(''));
}

function conflicts(report: Report): string {
  const { conflicts: list, conflictCount } = report.facts;
  const rows = list.map(
    (row) =>
      `<tr><td><code>${escapeHtml(row.path)}</code></td>${cell(formatTime(row.timeMs))}${cell(row.decision)}${cell(row.reason)}</tr>`,
  );
  const none = '<p class="empty">None: no node was changed on both sides at once.</p>';
  const heads = [head('Path'), head('Time'), head('Decision'), head('Reason')];
  return section('Conflicts', rows.length === 0 ? none : table(heads, rows, conflictCount));
}

function losses(report: Report): string {
  const rows = notPreserved(report).map(
    ({ where, what, why }) => `<tr><td><code>${escapeHtml(where)}</code></td>${cell(what)}${cell(why)}</tr>`,
  );
  const none =
    '<p class="empty">Nothing: data, versions, times, ACLs and sequence counters are as they were.</p>';
  return section(
    'Not preserved, and why',
    rows.length === 0 ? none : table([head('Where'), head('What'), head('Why')], rows),
  );
}

function footer(report: Report): string {
  const { audit } = report.facts;
  const chain = audit.intact
    ? 'intact'
    : `<b class="bad">broken: ${escapeHtml(audit.findings.join('; '))}</b>`;
  return `<footer>Audit log: ${formatCount(audit.entries)} entries, chain ${chain}, head <code>${escapeHtml(audit.headHash)}</code><br>Migration <code>${escapeHtml(report.id)}</code>, reported ${formatTime(report.generatedMs)}</footer>`;
}

export function reportToHtml(report: Report): string {
  const name = escapeHtml(report.name);
  const state = stateClasses[report.state.status] ?? 'plain';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Migration ${name}</title><style>${reportStyle}</style></head>
<body><main><header><h1>Migration ${name}</h1><p>Report of zk-migrate, ${formatTime(report.generatedMs)}</p>
<span class="state ${state}">${escapeHtml(describeState(report.state))}</span></header>
${figures(report)}
${moved(report)}
${plots(report)}
${phases(report)}
${conflicts(report)}
${losses(report)}
${checks(report)}
${footer(report)}
</main></body></html>
`;
}
