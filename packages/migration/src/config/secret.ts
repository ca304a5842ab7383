/** Secrets are named by configurations and stand elsewhere: in a file or in the environment. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { MigrationError } from '../errors.ts';

/** Where a secret is. The secret itself never stands in the configuration. */
export const secretReference = z
  .strictObject({
    file: z.string().min(1).optional().describe('File that holds the secret, and nothing else'),
    env: z.string().min(1).optional().describe('Environment variable that holds the secret'),
  })
  .refine(({ file, env }) => (file === undefined) !== (env === undefined), {
    message: 'expected exactly one of file and env',
  })
  .meta({ remedy: 'write {file: /path} or {env: NAME}; a secret itself does not belong into this file' });

export type SecretReference = z.output<typeof secretReference>;

/** @throws MigrationError `config` when the file or variable is missing or empty; its content is never quoted. */
export async function readSecret(reference: SecretReference): Promise<string> {
  const { file, env } = reference;
  if (env !== undefined) {
    const value = process.env[env];
    if (value === undefined || value === '')
      throw new MigrationError('config', `the environment variable ${env} is not set`, {
        remedy: `set ${env} for every coordinator, or name a file`,
      });
    return value;
  }
  if (file === undefined) throw new MigrationError('config', 'a secret names neither a file nor a variable');
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new MigrationError('config', `the secret file ${file} cannot be read`, {
      cause,
      remedy: 'check the path and its permissions on every coordinator',
    });
  });
  const value = text.replace(/\r?\n$/, '');
  if (value === '') throw new MigrationError('config', `the secret file ${file} is empty`);
  return value;
}
