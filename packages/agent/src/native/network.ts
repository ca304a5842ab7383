/** A network namespace for a container, and its way into a CNI network. Survives the agent: `network.json` tells of it. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../container/run-program.ts';
import type { ContainerSpec } from '../container/spec.ts';
import { type Attachment, addressesOf, type Cni } from './cni.ts';

const namespaceFolder = '/run/netns';

/** Its name. */
export const namespaceOf = (containerId: string) => `mesos-${containerId}`;

export interface ContainerNetworkNamespace {
  path: string;
  ipAddresses: readonly string[];
}

export interface NetworksOptions {
  cni: Cni;
  /** The network that `bridge` stands for. */
  bridgeName: string;
}

const recordIn = (containerFolder: string) => join(containerFolder, 'network.json');

/** Undefined on the host's network, and with none at all, for which the runtime makes a namespace. */
export async function joinNetwork(
  spec: ContainerSpec,
  containerFolder: string,
  { cni, bridgeName }: NetworksOptions,
): Promise<ContainerNetworkNamespace | undefined> {
  const { containerId, network = { mode: 'host' }, portMappings = [] } = spec;
  if (network.mode === 'host' || network.mode === 'none') return undefined;
  const found = await cni.find(network.mode === 'named' ? network.name : bridgeName);
  const path = join(namespaceFolder, namespaceOf(containerId));
  const request = { network: found, namespace: path, portMappings };
  // Written before anything is made, so that whatever happens it can be undone.
  await writeFile(recordIn(containerFolder), JSON.stringify({ ...request, result: {} }));
  await runProgram('ip', ['netns', 'add', namespaceOf(containerId)]);
  await runProgram('ip', ['-n', namespaceOf(containerId), 'link', 'set', 'lo', 'up']);
  const attachment = await cni.attach(containerId, request);
  await writeFile(recordIn(containerFolder), JSON.stringify(attachment));
  return { path, ipAddresses: addressesOf(attachment.result) };
}

export async function leaveNetwork(containerId: string, containerFolder: string, cni: Cni): Promise<void> {
  const text = await readFile(recordIn(containerFolder), 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const attachment = JSON.parse(text) as Attachment;
  const isThere = existsSync(attachment.namespace);
  // After a reboot the namespace is gone, and its address is still taken: plugins give that back without it.
  await cni.detach(containerId, isThere ? attachment : { ...attachment, namespace: '' });
  if (isThere) await runProgram('ip', ['netns', 'delete', namespaceOf(containerId)]);
}
