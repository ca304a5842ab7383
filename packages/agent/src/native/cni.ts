/**
 * Networks through the standard plugins: each is a program that reads its configuration and says what it did, one after
 * the other on the way in, backwards on the way out.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../container/run-program.ts';
import type { PortMapping } from '../container/spec.ts';
import { AgentError, reasonOf } from '../errors.ts';

export interface CniOptions {
  /** `*.conflist` and `*.conf`. Default `/etc/cni/net.d`. */
  configFolder?: string;
  /** Default `/usr/lib/cni` and `/opt/cni/bin`. */
  pluginFolders?: readonly string[];
}

interface Plugin {
  type: string;
  capabilities?: { portMappings?: boolean };
}

/** A network configuration list. */
export interface CniNetwork {
  cniVersion: string;
  name: string;
  plugins: readonly Plugin[];
}

export interface CniResult {
  ips?: readonly { address: string }[];
}

/** What is needed to take a container off its network again. */
export interface Attachment {
  network: CniNetwork;
  result: CniResult;
  namespace: string;
  portMappings: readonly PortMapping[];
}

const interfaceName = 'eth0';
const defaultPluginFolders = ['/usr/lib/cni', '/opt/cni/bin'];

/** A list, or the single plugin of a `.conf` file. */
export function parseNetwork(text: string): CniNetwork {
  const parsed = JSON.parse(text) as Partial<CniNetwork> & Partial<Plugin>;
  const { cniVersion = '0.4.0', name = '' } = parsed;
  const plugins = parsed.plugins ?? (parsed.type === undefined ? [] : [parsed as Plugin]);
  return { cniVersion, name, plugins };
}

/** What a plugin reads on its standard input. */
export function pluginInput(
  { network, portMappings }: Pick<Attachment, 'network' | 'portMappings'>,
  plugin: Plugin,
  prevResult: CniResult | undefined,
): object {
  const { capabilities, ...rest } = plugin;
  return {
    ...rest,
    cniVersion: network.cniVersion,
    name: network.name,
    ...(capabilities?.portMappings === true && { runtimeConfig: { portMappings } }),
    ...(prevResult !== undefined && { prevResult }),
  };
}

export class Cni {
  readonly #configFolder: string;
  readonly #pluginFolders: readonly string[];

  constructor(options: CniOptions = {}) {
    this.#configFolder = options.configFolder ?? '/etc/cni/net.d';
    this.#pluginFolders = options.pluginFolders ?? defaultPluginFolders;
  }

  /** @throws AgentError `InvalidContainer` with the networks that there are */
  async find(name: string): Promise<CniNetwork> {
    const files = await readdir(this.#configFolder).catch((): string[] => []);
    const known: string[] = [];
    for (const file of files.filter((one) => /\.conf(list)?$/.test(one)).sort()) {
      const network = await readFile(join(this.#configFolder, file), 'utf8').then(parseNetwork);
      if (network.name === name) return network;
      known.push(network.name);
    }
    const there = known.length === 0 ? 'none' : known.join(', ');
    throw new AgentError(
      'InvalidContainer',
      `there is no network "${name}" in ${this.#configFolder} (there is ${there})`,
    );
  }

  /** @throws AgentError `LaunchFailed` with what the plugin said; what was done is undone */
  async attach(containerId: string, request: Omit<Attachment, 'result'>): Promise<Attachment> {
    let result: CniResult | undefined;
    try {
      for (const plugin of request.network.plugins) {
        const output = await this.#run(
          'ADD',
          containerId,
          request.namespace,
          pluginInput(request, plugin, result),
          plugin,
        );
        result = JSON.parse(output) as CniResult;
      }
      return { ...request, result: result ?? {} };
    } catch (error) {
      await this.detach(containerId, { ...request, result: result ?? {} });
      throw error;
    }
  }

  /** Harmless when repeated: plugins are bound to take that. */
  async detach(containerId: string, attachment: Attachment): Promise<void> {
    const failures: string[] = [];
    for (const plugin of attachment.network.plugins.toReversed()) {
      const input = pluginInput(attachment, plugin, attachment.result);
      await this.#run('DEL', containerId, attachment.namespace, input, plugin).catch((error) => {
        failures.push(reasonOf(error));
      });
    }
    if (failures.length > 0)
      throw new AgentError(
        'LaunchFailed',
        `leaving network ${attachment.network.name}: ${failures.join('; ')}`,
      );
  }

  async #run(
    command: 'ADD' | 'DEL',
    containerId: string,
    namespace: string,
    input: object,
    plugin: Plugin,
  ): Promise<string> {
    const environment = {
      PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin',
      CNI_COMMAND: command,
      CNI_CONTAINERID: containerId,
      CNI_NETNS: namespace,
      CNI_IFNAME: interfaceName,
      CNI_PATH: this.#pluginFolders.join(':'),
    };
    return await runProgram(await this.#programOf(plugin), [], { environment, input: JSON.stringify(input) });
  }

  async #programOf({ type }: Plugin): Promise<string> {
    for (const folder of this.#pluginFolders) {
      const names = await readdir(folder).catch((): string[] => []);
      if (names.includes(type)) return join(folder, type);
    }
    throw new AgentError(
      'RuntimeUnavailable',
      `there is no CNI plugin ${type} in ${this.#pluginFolders.join(', ')}; install it`,
    );
  }
}

/** Without the length of the prefix. */
export const addressesOf = ({ ips = [] }: CniResult) => ips.map(({ address }) => address.split('/')[0] ?? '');
