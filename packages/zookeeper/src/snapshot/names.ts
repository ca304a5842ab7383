import { basename } from 'node:path';
import { ZooKeeperError } from '../errors.ts';
import { epochOf } from '../protocol/zxid.ts';

/** Servers look for files of this name in `dataDir/version-2` and load the one with the highest zxid. */
export function snapshotFileName(zxid: bigint): string {
  return `snapshot.${zxid.toString(16)}`;
}

/** The zxid in a snapshot file's name, compressed ones included. Throws `InvalidOption` for any other name. */
export function snapshotZxid(file: string): bigint {
  const match = /^snapshot\.([0-9a-f]{1,16})(?:\.gz|\.snappy)?$/.exec(basename(file));
  if (match === null) {
    throw new ZooKeeperError(
      'InvalidOption',
      `${file} is not named as a snapshot is (snapshot.<zxid in hex>)`,
    );
  }
  return BigInt(`0x${match[1]}`);
}

const highestEpoch = 0x7fff_ffff;

/**
 * The zxid for a seeded ensemble: no transaction, in an epoch `epochsAbove` higher than the source's. It must stay above
 * all that clients see on the source until they move, or the target would refuse them; the source's epoch grows by one with
 * each of its elections.
 *
 * @param epochsAbove default 1,000
 */
export function seedZxid(sourceZxid: bigint, epochsAbove = 1000): bigint {
  const epoch = epochOf(sourceZxid) + epochsAbove;
  if (!Number.isInteger(epochsAbove) || epochsAbove < 1 || epoch > highestEpoch) {
    throw new ZooKeeperError(
      'InvalidOption',
      `epochsAbove is ${epochsAbove}; epoch ${epoch} must be between the source's and ${highestEpoch}`,
    );
  }
  return BigInt(epoch) << 32n;
}
