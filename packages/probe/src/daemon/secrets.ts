import { readFileSync } from 'node:fs';
import { ProbeError } from '../errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Exactly one of them. */
export interface SecretReference {
  readonly file?: string | undefined;
  readonly env?: string | undefined;
}

/** @throws ProbeError `config` when the file or variable is missing or empty; its content is never quoted */
export function readSecret({ file, env }: SecretReference, environment: Environment): string {
  let value: string | undefined;
  let cause: unknown;
  try {
    value = env === undefined ? readFileSync(file ?? '', 'utf8').trimEnd() : environment[env];
  } catch (error) {
    cause = error;
  }
  if (value !== undefined && value !== '') return value;
  throw new ProbeError(`the secret in ${env ?? file} is empty, not set or cannot be read`, {
    code: 'config',
    cause,
    remedy: env === undefined ? 'check the path and its permissions' : `set ${env}`,
  });
}
