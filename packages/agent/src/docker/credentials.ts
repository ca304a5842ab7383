/** Which credentials of a Docker `config.json` belong to an image. Pure. */
import type { RegistryCredentials } from '../container/spec.ts';
import { AgentError } from '../errors.ts';

/** What it is called in configurations. */
export const dockerHub = 'https://index.docker.io/v1/';

/** `docker.io` for names without a registry, as the Engine reads them. */
export function registryOf(image: string): string {
  const first = image.split('/')[0] ?? '';
  const named = image.includes('/') && (first.includes('.') || first.includes(':') || first === 'localhost');
  return named ? first : 'docker.io';
}

/** Keys of `auths` are host names, or addresses with scheme and path. */
function hostOf(key: string): string {
  const host = key.replace(/^https?:\/\//, '').split('/')[0] ?? '';
  return host === 'index.docker.io' ? 'docker.io' : host;
}

interface Entry {
  auth?: unknown;
  username?: unknown;
  password?: unknown;
  identitytoken?: unknown;
}

function credentialsOf(entry: Entry): RegistryCredentials | undefined {
  const textOf = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
  const decoded = Buffer.from(textOf(entry.auth) ?? '', 'base64').toString();
  const colon = decoded.indexOf(':');
  const username = textOf(entry.username) ?? (colon > 0 ? decoded.slice(0, colon) : undefined);
  const password = textOf(entry.password) ?? (colon > 0 ? decoded.slice(colon + 1) : undefined);
  const identityToken = textOf(entry.identitytoken);
  if (identityToken !== undefined) return { identityToken, ...(username !== undefined && { username }) };
  return username === undefined || password === undefined ? undefined : { username, password };
}

/**
 * @param config text of a Docker `config.json`, or of the old `.dockercfg`, which is its `auths` alone
 * @throws AgentError `InvalidContainer` when it is not JSON; the text is not in the message
 */
export function credentialsFor(image: string, config: string): RegistryCredentials | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(config);
  } catch {
    // Without the cause, which quotes the text, which holds secrets.
    throw new AgentError('InvalidContainer', `the Docker configuration given for image ${image} is not JSON`);
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const auths = 'auths' in parsed ? parsed.auths : parsed;
  if (typeof auths !== 'object' || auths === null) return undefined;
  const registry = registryOf(image);
  const found = Object.entries(auths).find(([key]) => hostOf(key) === registry);
  return found === undefined ? undefined : credentialsOf(found[1] ?? {});
}

/** The Engine's `X-Registry-Auth`, before its base64. */
export function engineAuth(image: string, { username, password, identityToken }: RegistryCredentials) {
  const registry = registryOf(image);
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(identityToken !== undefined && { identitytoken: identityToken }),
    serveraddress: registry === 'docker.io' ? dockerHub : registry,
  };
}
