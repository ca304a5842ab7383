import type { PersistedStat } from '../protocol/stat.ts';
import { crc32OfPath, extendCrc32, extendCrc32OfWords } from './crc32.ts';
import { statBytes, statOffset } from './node-table.ts';

/** Servers count nothing below this: their quotas differ from one server to the next. */
export const undigestedPrefix = '/zookeeper/';

const scratch = new DataView(new ArrayBuffer(statBytes));

/** A node's share of a tree's digest: CRC32(path + data + stat), unsigned; the root's path counts as empty. */
export function nodeDigest(path: string, data: Uint8Array | null, stat: PersistedStat): number {
  if (path.startsWith(undigestedPrefix)) return 0;
  scratch.setBigInt64(statOffset.czxid, stat.czxid);
  scratch.setBigInt64(statOffset.mzxid, stat.mzxid);
  scratch.setBigInt64(statOffset.pzxid, stat.pzxid);
  scratch.setBigInt64(statOffset.ctime, BigInt(stat.ctime));
  scratch.setBigInt64(statOffset.mtime, BigInt(stat.mtime));
  scratch.setInt32(statOffset.version, stat.version);
  scratch.setInt32(statOffset.cversion, stat.cversion);
  scratch.setInt32(statOffset.aversion, stat.aversion);
  scratch.setBigInt64(statOffset.ephemeralOwner, stat.ephemeralOwner);
  const pathCrc = crc32OfPath(path === '/' ? '' : path);
  return extendCrc32OfWords(data === null ? pathCrc : extendCrc32(pathCrc, data), scratch, 0, statBytes);
}
