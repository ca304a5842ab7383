/** A super user for an ensemble of ours, so that no ACL that is migrated keeps the engine out. */
import { createHash, randomBytes } from 'node:crypto';

const passwordBytes = 24;

/** The credential for `addauth digest`. */
export const newSuperCredential = (): string => `super:${randomBytes(passwordBytes).toString('hex')}`;

/** `super:base64(sha1(credential))`: what the servers are told. SHA-1 is what ZooKeeper's digest scheme is made of. */
export function superDigestOf(credential: string): string {
  return `super:${createHash('sha1').update(credential).digest('base64')}`;
}
