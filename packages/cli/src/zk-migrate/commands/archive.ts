import type { KeySource, Manifest } from '@orchestrator/migration';
import { Command } from 'commander';
import type { CommandContext } from '../../program/context.ts';
import { CliError } from '../../program/errors.ts';
import { examples, type JsonOption, withJson } from '../../program/options.ts';
import { formatBytes, plural } from '../../terminal/format.ts';

interface ArchiveOptions extends JsonOption {
  readonly archive: string;
  readonly keyFile?: string;
  readonly keyEnv?: string;
  readonly passphraseFile?: string;
  readonly passphraseEnv?: string;
}

export function archiveCommand(context: CommandContext): Command {
  return new Command('archive')
    .summary('the archived data of Cluster-A: restore, verify')
    .description(
      'Archives are encrypted with AES-256-GCM; every part is verified before anything is written.',
    )
    .addCommand(restoreCommand(context))
    .addCommand(verifyCommand(context));
}

const withArchive = (command: Command) =>
  withJson(command)
    .requiredOption('--archive <file>', 'the archive')
    .option('--key-file <file>', 'file with the key: 32 bytes, 64 hex digits or base64')
    .option('--key-env <name>', 'environment variable with the key')
    .option('--passphrase-file <file>', 'file with the passphrase')
    .option('--passphrase-env <name>', 'environment variable with the passphrase');

function keyOf(options: ArchiveOptions): KeySource {
  const { keyFile, keyEnv, passphraseFile, passphraseEnv } = options;
  const given: KeySource[] = [
    ...(keyFile === undefined ? [] : [{ file: keyFile }]),
    ...(keyEnv === undefined ? [] : [{ env: keyEnv }]),
    ...(passphraseFile === undefined ? [] : [{ passphraseFile }]),
    ...(passphraseEnv === undefined ? [] : [{ passphraseEnv }]),
  ];
  const [key] = given;
  if (key === undefined || given.length > 1)
    throw new CliError('invalid', `${given.length} keys are given`, {
      remedy: 'give exactly one of --key-file, --key-env, --passphrase-file and --passphrase-env',
    });
  return key;
}

function show(
  { terminal }: CommandContext,
  { json }: ArchiveOptions,
  manifest: Manifest,
  what: string,
): void {
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  if (json === true) terminal.out(JSON.stringify(manifest));
  else
    terminal.out(
      `${what}: ${plural(manifest.files.length, 'file')}, ${formatBytes(bytes)}, of ${manifest.source}`,
    );
}

function restoreCommand(context: CommandContext): Command {
  const command = new Command('restore')
    .summary('write its files into a new folder')
    .description('Nothing appears in the folder unless the whole archive is what was written.')
    .requiredOption('--output <folder>', 'a folder that does not exist or is empty');
  return withArchive(command)
    .addHelpText(
      'after',
      examples([
        'zk-migrate archive restore --archive=a.zkarchive --key-file=archive.key --output=restored',
        'one folder per server, ready to be started',
      ]),
    )
    .action(async (options: ArchiveOptions & { output: string }) => {
      const { restoreArchive } = await import('@orchestrator/migration');
      const manifest = await restoreArchive(options.archive, keyOf(options), options.output, context.signal);
      show(context, options, manifest, `restored to ${options.output}`);
    });
}

function verifyCommand(context: CommandContext): Command {
  const command = new Command('verify')
    .summary('read all of it, write nothing')
    .description('Decrypts and checks every part.');
  return withArchive(command).action(async (options: ArchiveOptions) => {
    const { verifyArchive } = await import('@orchestrator/migration');
    show(context, options, await verifyArchive(options.archive, keyOf(options), context.signal), 'whole');
  });
}
