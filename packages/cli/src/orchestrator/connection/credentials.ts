/** Who the commands say they are. Secrets come from files and from the environment, never from the command line. */
import { readFile } from 'node:fs/promises';
import { CliError } from '../../program/errors.ts';

export interface CredentialOptions {
  readonly principal?: string;
  readonly secretFile?: string;
  readonly tokenFile?: string;
}

export interface Credentials {
  /** For `FrameworkInfo.principal` too. */
  readonly principal: string | undefined;
  /** The whole Authorization header. */
  readonly authorization: string | undefined;
}

/** @throws CliError `config` for a file that cannot be read, `invalid` for a principal without a secret */
export async function readCredentials(
  options: CredentialOptions,
  env: NodeJS.ProcessEnv,
): Promise<Credentials> {
  const principal = options.principal ?? named(env.ORCHESTRATOR_PRINCIPAL);
  const token = await fileOr(options.tokenFile, 'token file', env.ORCHESTRATOR_TOKEN);
  if (token !== undefined) return { principal, authorization: `Bearer ${token}` };
  if (principal === undefined) return { principal, authorization: undefined };
  const secret = await fileOr(options.secretFile, 'secret file', env.ORCHESTRATOR_SECRET);
  if (secret === undefined)
    throw new CliError('invalid', `principal ${principal} has no secret`, {
      remedy: 'name a file with --secret-file, or set ORCHESTRATOR_SECRET',
    });
  const pair = Buffer.from(`${principal}:${secret}`).toString('base64');
  return { principal, authorization: `Basic ${pair}` };
}

const named = (text: string | undefined) => (text === undefined || text === '' ? undefined : text);

async function fileOr(file: string | undefined, what: string, other: string | undefined) {
  return file === undefined ? named(other) : (await readNamed(file, what)).trim();
}

/** @throws CliError `config` */
export async function readNamed(file: string, what: string): Promise<string> {
  return await readFile(file, 'utf8').catch((cause: Error) => {
    throw new CliError('config', `the ${what} ${file} cannot be read: ${cause.message}`, {
      cause,
      remedy: 'check the path, and that this user may read it',
    });
  });
}
