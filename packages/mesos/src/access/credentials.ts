/** Principals and their secrets, in Mesos' formats. Errors never hold a secret. */
import { MesosError } from '../errors.ts';

/** Secrets by principal. */
export type Credentials = ReadonlyMap<string, string>;

export interface Credential {
  readonly principal: string;
  readonly secret: string;
}

const remedy =
  'write {"credentials": [{"principal": "…", "secret": "…"}]}, or one principal and secret a line';

type Problem = (what: string) => MesosError;

function fromJson(text: string, problem: Problem): Credential[] {
  let json: { readonly credentials?: unknown; readonly principal?: unknown };
  try {
    json = JSON.parse(text) as typeof json;
  } catch {
    throw problem('it is no JSON');
  }
  const entries: unknown = json.principal === undefined ? json.credentials : [json];
  if (!Array.isArray(entries)) throw problem('it has no list "credentials"');
  return entries.map(({ principal, secret }: { principal?: unknown; secret?: unknown }, index) => {
    if (typeof principal === 'string' && typeof secret === 'string') return { principal, secret };
    throw problem(`entry ${index + 1} has no principal or no secret`);
  });
}

function fromLines(text: string, problem: Problem): Credential[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line, index) => {
    const [principal, secret, ...more] = line.trim().split(/\s+/);
    if (principal === undefined || secret === undefined || more.length > 0) {
      throw problem(`line ${index + 1} is not a principal and a secret`);
    }
    return { principal, secret };
  });
}

function listOf(text: string, file: string): Credential[] {
  const problem = (what: string) =>
    new MesosError(`credentials file ${file}: ${what}`, { code: 'invalid', remedy });
  return text.trimStart().startsWith('{') ? fromJson(text, problem) : fromLines(text, problem);
}

/**
 * Those whom a master or an agent knows (`--credentials`, `--http_credentials`): JSON, or lines of a principal and a secret.
 *
 * @param file - named in errors
 * @throws MesosError `invalid`
 */
export function parseCredentials(text: string, file: string): Credentials {
  return new Map(listOf(text, file).map(({ principal, secret }) => [principal, secret]));
}

/** `--credential`: the one of the agent itself. @throws MesosError `invalid` */
export function parseCredential(text: string, file: string): Credential {
  const [only, another] = listOf(text, file);
  if (only !== undefined && another === undefined) return only;
  throw new MesosError(`credential in ${file}: there is to be one principal and its secret`, {
    code: 'invalid',
  });
}
