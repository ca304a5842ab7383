export interface Address {
  readonly ip: string;
  readonly port: number;
}

/** Addresses that mean something else in each network namespace. */
export const isLoopback = (ip: string): boolean => ip.startsWith('127.') || ip === '::1';

export const sameAddress = (a: Address, b: Address): boolean => a.ip === b.ip && a.port === b.port;

/** Of the 16 million loopback addresses of IPv4, the one that stands for all. */
export const loopbackAddress = '127.0.0.1';
