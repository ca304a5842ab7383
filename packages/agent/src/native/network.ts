/** A network namespace for a container, and its way into a CNI network. Survives the agent: `network.json` tells of it. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere } from '../container/read-if-there.ts';
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

/** On the machine's network, and with none at all, for which the OCI runtime makes a namespace, there is none to make. */
export const needsNetwork = ({ network = { mode: 'host' } }: ContainerSpec): boolean =>
  network.mode === 'bridge' || network.mode === 'named';

/**
 * @param owner names the namespace: a container, or what a group of them has in common
 * @param recordFile what is needed to undo it
 */
export async function makeNetwork(
  owner: string,
  { network, portMappings = [] }: ContainerSpec,
  recordFile: string,
  { cni, bridgeName }: NetworksOptions,
): Promise<ContainerNetworkNamespace> {
  const found = await cni.find(network?.mode === 'named' ? network.name : bridgeName);
  const path = join(namespaceFolder, namespaceOf(owner));
  const request = { network: found, namespace: path, portMappings };
  // Written before anything is made, so that whatever happens it can be undone.
  await writeFile(recordFile, JSON.stringify({ ...request, result: {} }));
  await runProgram('ip', ['netns', 'add', namespaceOf(owner)]);
  await runProgram('ip', ['-n', namespaceOf(owner), 'link', 'set', 'lo', 'up']);
  const attachment = await cni.attach(owner, request);
  await writeFile(recordFile, JSON.stringify(attachment));
  return { path, ipAddresses: addressesOf(attachment.result) };
}

/** Undefined when there is no record of one. */
export async function attachmentIn(recordFile: string): Promise<Attachment | undefined> {
  const text = await readIfThere(recordFile);
  // An agent died as it began to write: nothing had been made.
  return text === undefined || text === '' ? undefined : (JSON.parse(text) as Attachment);
}

export async function removeNetwork(owner: string, recordFile: string, cni: Cni): Promise<void> {
  const attachment = await attachmentIn(recordFile);
  if (attachment === undefined) return;
  const isThere = existsSync(attachment.namespace);
  // After a reboot the namespace is gone, and its address is still taken: plugins give that back without it.
  await cni.detach(owner, isThere ? attachment : { ...attachment, namespace: '' });
  if (isThere) await runProgram('ip', ['netns', 'delete', namespaceOf(owner)]);
}

export const joinNetwork = (spec: ContainerSpec, containerFolder: string, options: NetworksOptions) =>
  makeNetwork(spec.containerId, spec, recordIn(containerFolder), options);

export const leaveNetwork = (containerId: string, containerFolder: string, cni: Cni) =>
  removeNetwork(containerId, recordIn(containerFolder), cni);
