/** Principals and their secrets, in Mesos' formats. Errors never hold a secret. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { AgentError } from '../errors.ts';

/** Secrets by principal. */
export type Credentials = ReadonlyMap<string, string>;

export interface Credential {
  principal: string;
  secret: string;
}

const formats =
  'write {"credentials": [{"principal": "…", "secret": "…"}]}, or one principal and secret a line';

function fromJson(text: string, problem: (what: string) => AgentError): Credential[] {
  let json: { credentials?: unknown; principal?: unknown };
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

function fromLines(text: string, problem: (what: string) => AgentError): Credential[] {
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
  const problem = (what: string) => new AgentError('Config', `credentials in ${file}: ${what}; ${formats}`);
  return text.trimStart().startsWith('{') ? fromJson(text, problem) : fromLines(text, problem);
}

/** `--http_credentials`. @throws AgentError `Config` */
export function parseCredentials(text: string, file: string): Credentials {
  return new Map(listOf(text, file).map(({ principal, secret }) => [principal, secret]));
}

/** `--credential`: the one of the agent itself. @throws AgentError `Config` */
export function parseCredential(text: string, file: string): Credential {
  const [only, another] = listOf(text, file);
  if (only !== undefined && another === undefined) return only;
  throw new AgentError('Config', `credential in ${file}: there is to be one principal and its secret`);
}

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Who sends a request, by HTTP Basic or Bearer; `refused` when what it shows is wrong, `none` when it shows nothing. */
export type Identify = (request: IncomingMessage) => { principal: string } | 'refused' | 'none';

/** `tokens`: bearer tokens by principal. */
export function createIdentify(credentials: Credentials, tokens: Credentials): Identify {
  const passwords = new Map([...credentials].map(([name, secret]) => [name, digest(secret)]));
  const bearers = [...tokens].map(([principal, token]) => ({ principal, hash: digest(token) }));
  return ({ headers }) => {
    const [scheme = '', value = ''] = (headers.authorization ?? '').split(' ', 2);
    if (scheme === '') return 'none';
    if (scheme.toLowerCase() === 'bearer') {
      const shown = digest(value);
      const found = bearers.find(({ hash }) => timingSafeEqual(hash, shown));
      return found === undefined ? 'refused' : { principal: found.principal };
    }
    if (scheme.toLowerCase() !== 'basic') return 'refused';
    const text = Buffer.from(value, 'base64').toString();
    const colon = text.indexOf(':');
    const principal = text.slice(0, Math.max(0, colon));
    const known = passwords.get(principal);
    const isRight = known !== undefined && timingSafeEqual(known, digest(text.slice(colon + 1)));
    return isRight ? { principal } : 'refused';
  };
}
