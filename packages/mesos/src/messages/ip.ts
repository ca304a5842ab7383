import { isIPv4 } from 'node:net';

/** The number that `MasterInfo.ip` holds: the four bytes of an address in network order, read as on x86. 0 for others. */
export function ipToNumber(address: string): number {
  return isIPv4(address) ? Buffer.from(address.split('.').map(Number)).readUInt32LE(0) : 0;
}

export function ipFromNumber(ip: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(ip);
  return bytes.join('.');
}
