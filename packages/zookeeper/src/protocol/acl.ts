import { createHash } from 'node:crypto';
import type { JuteReader } from '../jute/reader.ts';
import type { JuteWriter } from '../jute/writer.ts';

/** ACL: int perms | string scheme | string id */
export interface Acl {
  /** Sum of {@link permissions}. */
  readonly perms: number;
  readonly scheme: string;
  readonly id: string;
}

export const permissions = { read: 1, write: 2, create: 4, delete: 8, admin: 16, all: 31 } as const;

export const openAcl: readonly Acl[] = [{ perms: permissions.all, scheme: 'world', id: 'anyone' }];

export function readAcl(reader: JuteReader): Acl {
  return { perms: reader.int(), scheme: reader.string(), id: reader.string() };
}

export function writeAcl(writer: JuteWriter, acl: Acl): void {
  writer.int(acl.perms).string(acl.scheme).string(acl.id);
}

/** The `id` of scheme `digest` in an ACL: what servers keep of a user's password. */
export function digestId(user: string, password: string): string {
  return `${user}:${createHash('sha1').update(`${user}:${password}`).digest('base64')}`;
}
