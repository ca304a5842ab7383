/** A CNI network of pairs of interfaces, so that no bridge is left, whose addresses no other run of tests has. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** 10.128.0.0/10 in networks of 254 addresses, one for each process of those that run at a time. */
const subnet = `10.${128 + ((process.pid >> 8) & 63)}.${process.pid & 255}`;

/** Of the machine, as this process gives them to containers. */
export const addressPattern = new RegExp(`^${subnet.replaceAll('.', '\\.')}\\.`);

/** Writes the network `pairs` below a folder. @returns the flag that names it */
export async function writePairs(folder: string): Promise<{ network_cni_config_dir: string }> {
  const configFolder = join(folder, 'networks');
  await mkdir(configFolder);
  const ipam = { type: 'host-local', subnet: `${subnet}.0/24`, dataDir: join(folder, 'leases') };
  const network = { cniVersion: '0.4.0', name: 'pairs', type: 'ptp', ipam };
  await writeFile(join(configFolder, 'pairs.conf'), JSON.stringify(network));
  return { network_cni_config_dir: configFolder };
}

/** Addresses that are given out. */
export async function pairsLeased(folder: string): Promise<string[]> {
  return (await readdir(join(folder, 'leases/pairs'))).filter((name) => addressPattern.test(name));
}
