/** Local accounts. Passwords are kept as scrypt hashes with a salt each. */
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import type { Principal, Role } from '@orchestrator/runtime';
import type { Clock } from '@orchestrator/runtime/clock';
import { MonitorError } from '../errors.ts';

export interface Account extends Principal {
  readonly changedMs: number;
}

export interface Accounts {
  list(): Account[];
  /** Makes or changes an account; without `password` only its role. @throws MonitorError `invalid`, `not-found` */
  put(name: string, role: Role, password?: string): Promise<void>;
  /** @throws MonitorError `not-found`; `precondition` for the last administrator */
  remove(name: string): void;
  /** Who it is, if name and password belong together. Takes equally long for names that are not known. */
  verify(name: string, password: string): Promise<Principal | undefined>;
}

export const leastPasswordLength = 10;

const hash = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);
/** OWASP's choice for scrypt: 16 MiB and some tens of milliseconds a try. */
const cost = { N: 2 ** 14, r: 8, p: 5, maxmem: 64 * 2 ** 20 };
const hashBytes = 32;

const roles: readonly Role[] = ['viewer', 'operator', 'admin'];
const roleOf = (text: unknown): Role => roles.find((role) => role === text) ?? 'viewer';

async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const digest = await hash(password, salt, hashBytes, cost);
  return `${salt.toString('base64')}:${digest.toString('base64')}`;
}

async function matches(password: string, stored: string): Promise<boolean> {
  const [salt = '', digest = ''] = stored.split(':').map((part) => Buffer.from(part, 'base64'));
  const given = await hash(password, Buffer.from(salt), hashBytes, cost);
  return digest.length === hashBytes && timingSafeEqual(given, Buffer.from(digest));
}

export function createAccounts(database: DatabaseSync, clock: Clock): Accounts {
  const all = database.prepare('SELECT name, role, changed_ms FROM accounts ORDER BY name');
  const one = database.prepare('SELECT name, role, password FROM accounts WHERE name = ?');
  const insert = database.prepare(
    `INSERT INTO accounts (name, role, password, changed_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET role = excluded.role, password = excluded.password, changed_ms = excluded.changed_ms`,
  );
  const remove = database.prepare('DELETE FROM accounts WHERE name = ?');

  const list = (): Account[] =>
    all.all().map((row) => ({
      ...{ name: String(row.name), role: roleOf(row.role), changedMs: Number(row.changed_ms) },
    }));

  const keepAnAdministrator = (name: string) => {
    if (list().some((account) => account.name !== name && account.role === 'admin')) return;
    if (one.get(name)?.role !== 'admin') return;
    throw new MonitorError('precondition', `${name} is the last administrator`, {
      remedy: 'make another one first',
    });
  };

  return {
    list,
    async put(name, role, password) {
      const known = one.get(name);
      if (known === undefined && password === undefined) {
        throw new MonitorError('not-found', `there is no account "${name}"`, {
          remedy: 'give a password to make it',
        });
      }
      if (password !== undefined && password.length < leastPasswordLength) {
        throw new MonitorError('invalid', `a password has at least ${leastPasswordLength} characters`);
      }
      if (role !== 'admin') keepAnAdministrator(name);
      const stored = password === undefined ? String(known?.password) : await hashPassword(password);
      insert.run(name, role, stored, clock.nowMs());
    },
    remove(name) {
      keepAnAdministrator(name);
      if (remove.run(name).changes === 0)
        throw new MonitorError('not-found', `there is no account "${name}"`);
    },
    async verify(name, password) {
      const known = one.get(name);
      // An unknown name costs the same as a wrong password.
      const right = await matches(
        password,
        String(known?.password ?? `${Buffer.alloc(16).toString('base64')}:`),
      );
      return right && known !== undefined
        ? { name: String(known.name), role: roleOf(known.role) }
        : undefined;
    },
  };
}
