import { randomUUID } from 'node:crypto';

/** A random UUID in the 16 bytes that status updates carry. */
export function newUuidBytes(): Uint8Array {
  return new Uint8Array(Buffer.from(randomUUID().replaceAll('-', ''), 'hex'));
}

/** 16 bytes of one of the versions that RFC 4122 knows; Mesos answers anything else with "Not a valid UUID". */
export function isUuid(bytes: Uint8Array): boolean {
  const version = (bytes[6] ?? 0) >> 4;
  return bytes.length === 16 && version >= 1 && version <= 5;
}

/** `8a40a159-0e84-4acd-92f6-bacb824f13af` */
export function formatUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
