/** A zxid is the leader's epoch in the high 32 bits and a counter within it in the low ones. */
export function epochOf(zxid: bigint): number {
  return Number(BigInt.asUintN(32, zxid >> 32n));
}

/** As in the servers' logs and file names. */
export function formatZxid(zxid: bigint): string {
  return `0x${BigInt.asUintN(64, zxid).toString(16)}`;
}
