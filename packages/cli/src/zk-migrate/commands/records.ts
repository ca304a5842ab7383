/** The commands that read what has been recorded: report, audit; they work without a running server. */
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import type { CommandContext } from '../../program/context.ts';
import { CliError } from '../../program/errors.ts';
import { exitCodes } from '../../program/exit-codes.ts';
import { examples, type JsonOption, parseCount, withJson } from '../../program/options.ts';
import { formatTime, plural } from '../../terminal/format.ts';
import type { Style } from '../../terminal/style.ts';
import { renderTable } from '../../terminal/table.ts';
import type { AuditEntry, MigrationApi } from '../api.ts';
import { openConnection } from '../connection.ts';
import { type MigrationOption, type ServerOptions, withMigration, withServer } from '../options.ts';

const formats = { json: 'report.json', markdown: 'report.md', html: 'report.html' } as const;
type Format = keyof typeof formats;

interface ReportOptions extends ServerOptions, MigrationOption {
  readonly format: Format;
  readonly output?: string;
}

export function reportCommand(context: CommandContext): Command {
  const command = new Command('report')
    .summary('what was moved, conflicts, what could not be carried over, timings, lag')
    .description('Prints the report; with --output it is written to a file, or in all its forms to a folder.')
    .addOption(new Option('--format <form>', 'its form').choices(Object.keys(formats)).default('markdown'))
    .option('--output <file|folder>', 'where to write it');
  return withServer(withMigration(command))
    .addHelpText(
      'after',
      examples(
        ['zk-migrate report --migration-id=abc123', 'as Markdown'],
        ['zk-migrate report --format=html --output=report.html', 'one page, with plots'],
        ['zk-migrate report --output=reports/', 'report.md, report.html and report.json'],
      ),
    )
    .action((options: ReportOptions) => report(context, options));
}

async function report(context: CommandContext, options: ReportOptions): Promise<void> {
  const { format, output } = options;
  await using connection = await openConnection(context, options, 'read');
  const { api } = connection;
  const id = await connection.migrationId(options.migrationId);
  if (output === undefined) {
    context.terminal.out((await api.report(id, format)).trimEnd());
    return;
  }
  const wanted = (await isFolder(output))
    ? Object.entries(formats).map(([form, name]) => [form as Format, join(output, name)] as const)
    : [[format, output] as const];
  for (const [form, file] of wanted) await writeReport(context, api, id, form, file);
}

async function isFolder(path: string): Promise<boolean> {
  const present = await stat(path).catch(() => null);
  if (present !== null) return present.isDirectory();
  if (path.endsWith('/')) await mkdir(path, { recursive: true });
  return path.endsWith('/');
}

async function writeReport(
  { terminal }: CommandContext,
  api: MigrationApi,
  id: string,
  format: Format,
  file: string,
): Promise<void> {
  await writeFile(file, await api.report(id, format)).catch((cause: Error) => {
    throw new CliError('config', `${file} cannot be written: ${cause.message}`, { cause });
  });
  terminal.out(file);
}

type AuditOptions = ServerOptions & JsonOption & MigrationOption;

export function auditCommand(context: CommandContext): Command {
  return new Command('audit')
    .summary('who did what and when: list, verify')
    .description('The audit log is a chain of hashes, kept for a year.')
    .addCommand(auditListCommand(context), { isDefault: true })
    .addCommand(auditVerifyCommand(context));
}

const detailsOf = ({ details, error }: AuditEntry): string =>
  [
    ...Object.entries(details).map(([key, value]) => `${key}=${value}`),
    ...(error === null ? [] : [`${error.code}: ${error.message}`]),
  ].join(' ');

function renderAudit(entries: readonly AuditEntry[], style: Style, width: number): string {
  return renderTable({
    style,
    width,
    columns: [
      { title: 'NO', align: 'right' },
      { title: 'WHEN' },
      { title: 'WHO' },
      { title: 'WHAT' },
      { title: 'DETAILS', flexible: true },
    ],
    rows: entries.map((entry) => [
      String(entry.seq),
      formatTime(entry.timeMs),
      entry.actor,
      entry.action,
      detailsOf(entry),
    ]),
  });
}

function auditListCommand(context: CommandContext): Command {
  const command = new Command('list').summary('the entries').description('Lists the entries, oldest first.');
  return withJson(withServer(withMigration(command)))
    .option('--after <number>', 'only entries after this one', parseCount)
    .action(async (options: AuditOptions & { after?: number }) => {
      const { terminal } = context;
      await using connection = await openConnection(context, options, 'read');
      const id = await connection.migrationId(options.migrationId);
      for (let after = options.after ?? 0, more = true; more; ) {
        const page = await connection.api.audit(id, after);
        if (options.json === true) for (const entry of page.entries) terminal.out(JSON.stringify(entry));
        else terminal.out(renderAudit(page.entries, terminal.style, terminal.columns()));
        after = page.entries.at(-1)?.seq ?? after;
        more = page.more;
      }
    });
}

function auditVerifyCommand(context: CommandContext): Command {
  const command = new Command('verify')
    .summary('whether the log is exactly what was written')
    .description('Recomputes the chain of hashes. Exit code 3 when an entry was changed, removed or added.');
  return withJson(withServer(withMigration(command))).action(async (options: AuditOptions) => {
    const { terminal } = context;
    await using connection = await openConnection(context, options, 'read');
    const id = await connection.migrationId(options.migrationId);
    const verdict = await connection.api.verifyAudit(id);
    const { style } = terminal;
    if (options.json === true) terminal.out(JSON.stringify(verdict));
    else if (verdict.intact)
      terminal.out(`${style.good('intact')}: ${plural(verdict.entries, 'entry', 'entries')}`);
    else terminal.out([style.bad('not what was written:'), ...verdict.findings].join('\n'));
    if (!verdict.intact) context.setExitCode(exitCodes.checkFailed);
  });
}
