/**
 * Credentials that a Docker `config.json` leaves to a program, `docker-credential-NAME`: it is told the registry on its
 * standard input, and answers there, so that no secret is in an argument or a file.
 */
import { runProgram } from '../container/run-program.ts';
import type { RegistryCredentials } from '../container/spec.ts';
import { AgentError, reasonOf } from '../errors.ts';
import { dockerHub, registryOf } from './credentials.ts';

const timeoutMs = 30_000;

function textAt(value: unknown, key: string): string | undefined {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** The program for the registry of an image: one of its own, or that for all; undefined when there is none. */
export function helperFor(image: string, config: string): string | undefined {
  const parsed: unknown = JSON.parse(config);
  const own: unknown =
    typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, 'credHelpers') : undefined;
  const name = textAt(own, serverOf(image)) ?? textAt(own, registryOf(image)) ?? textAt(parsed, 'credsStore');
  return name !== undefined && /^[\w.-]+$/.test(name) ? `docker-credential-${name}` : undefined;
}

function serverOf(image: string): string {
  const registry = registryOf(image);
  return registry === 'docker.io' ? dockerHub : registry;
}

/**
 * Undefined when the program knows none for this registry.
 *
 * @throws AgentError `RuntimeUnavailable` when there is no such program, `LaunchFailed` when it fails; what it said of
 * secrets is not in the message
 */
export async function askHelper(
  program: string,
  image: string,
  signal: AbortSignal,
): Promise<RegistryCredentials | undefined> {
  const server = serverOf(image);
  let answer: unknown;
  try {
    answer = JSON.parse(await runProgram(program, ['get'], { input: server, timeoutMs, signal }));
  } catch (error) {
    if (/credentials not found/i.test(reasonOf(error))) return undefined;
    if (error instanceof AgentError) throw error;
    // Without the cause, which quotes what it said.
    throw new AgentError('LaunchFailed', `${program} get for ${server}: its answer is not JSON`);
  }
  const [username, secret] = [textAt(answer, 'Username'), textAt(answer, 'Secret')];
  if (secret === undefined) return undefined;
  // As the program says that it is no password.
  if (username === '<token>') return { identityToken: secret };
  return username === undefined ? undefined : { username, password: secret };
}
