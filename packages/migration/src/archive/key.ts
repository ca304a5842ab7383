/** The archive's key: 32 random bytes from a file or the environment, or derived from a passphrase. */
import { randomBytes, scrypt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { MigrationConfig } from '../config/schema.ts';
import { MigrationError } from '../errors.ts';

const keyBytes = 32;
const saltBytes = 16;
/** 128 MiB and about half a second: what a guess costs, too. */
const scryptCost = { N: 131_072, r: 8, p: 1, maxmem: 256 * 1024 * 1024 };

export type KeySource =
  /** 32 raw bytes, or 64 hexadecimal digits, or 44 characters of base64. */
  | { readonly file: string }
  | { readonly env: string }
  /** The passphrase is the file's first line, or the variable's value. */
  | { readonly passphraseFile: string }
  | { readonly passphraseEnv: string };

/** The one that a configuration names. */
export function keySourceOf(archive: NonNullable<MigrationConfig['archive']>): KeySource {
  if (archive.key_file !== undefined) return { file: archive.key_file };
  if (archive.key_env !== undefined) return { env: archive.key_env };
  if (archive.passphrase_file !== undefined) return { passphraseFile: archive.passphrase_file };
  return { passphraseEnv: archive.passphrase_env ?? '' };
}

/** How the key comes from the secret; stands in the archive's header. */
export type KeyDerivation = { readonly kind: 'raw' } | { readonly kind: 'scrypt'; readonly salt: string };

const createKeyHint = 'create one with: head -c 32 /dev/urandom > archive.key && chmod 600 archive.key';

function decodeKey(bytes: Buffer, where: string): Buffer {
  if (bytes.length === keyBytes) return bytes;
  const text = bytes.toString('utf8').trim();
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex');
  if (/^[A-Za-z0-9+/]{43}=$/.test(text)) return Buffer.from(text, 'base64');
  throw new MigrationError(
    'config',
    `${where} holds no archive key: 32 bytes, 64 hex digits or 44 base64 characters`,
    {
      remedy: createKeyHint,
    },
  );
}

async function readSecretFile(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new MigrationError('config', `the archive key file ${path} cannot be read`, {
      cause,
      remedy: createKeyHint,
    });
  }
}

function readVariable(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new MigrationError('config', `the environment variable ${name} with the archive key is not set`, {
      remedy: 'set it for this process, to the 64 hex digits or 44 base64 characters of the key',
    });
  return value;
}

function derive(passphrase: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(passphrase, salt, keyBytes, scryptCost, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

async function passphraseOf(source: KeySource): Promise<string | undefined> {
  if ('passphraseEnv' in source) return readVariable(source.passphraseEnv);
  if (!('passphraseFile' in source)) return undefined;
  return (await readSecretFile(source.passphraseFile)).toString('utf8').split('\n')[0] ?? '';
}

/** A key for a new archive, with what the reader needs to find it again. */
export async function newKey(source: KeySource): Promise<{ key: Buffer; derivation: KeyDerivation }> {
  const passphrase = await passphraseOf(source);
  if (passphrase === undefined)
    return { key: await openKey(source, { kind: 'raw' }), derivation: { kind: 'raw' } };
  const salt = randomBytes(saltBytes);
  return {
    key: await derive(passphrase, salt),
    derivation: { kind: 'scrypt', salt: salt.toString('base64') },
  };
}

/** The key of an existing archive. @throws MigrationError `config` when the secret is missing or of the wrong kind. */
export async function openKey(source: KeySource, derivation: KeyDerivation): Promise<Buffer> {
  const passphrase = await passphraseOf(source);
  if (derivation.kind === 'scrypt') {
    if (passphrase === undefined)
      throw new MigrationError('config', 'this archive is locked with a passphrase, but a key was given');
    return derive(passphrase, Buffer.from(derivation.salt, 'base64'));
  }
  if ('file' in source) return decodeKey(await readSecretFile(source.file), source.file);
  if ('env' in source) return decodeKey(Buffer.from(readVariable(source.env)), `the variable ${source.env}`);
  throw new MigrationError('config', 'this archive is locked with a key, but a passphrase was given');
}
