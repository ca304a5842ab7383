const multiplier = 0x5deece66dn;
const mask48 = (1n << 48n) - 1n;
const serverSecret = 0xb3415c00n;

/**
 * The 16-byte password that servers from 3.4 to 3.9 give the session `id`: the first bytes of `java.util.Random` seeded
 * with the id xor a constant. It lets another process take a session over that has only been told the id.
 */
export function sessionPassword(id: bigint): Buffer {
  const password = Buffer.alloc(16);
  let seed = (BigInt.asUintN(64, id) ^ serverSecret ^ multiplier) & mask48;
  for (let word = 0; word < 4; word++) {
    seed = (seed * multiplier + 0xbn) & mask48;
    password.writeInt32LE(Number(BigInt.asIntN(32, seed >> 16n)), word * 4);
  }
  return password;
}
