/**
 * Hosts as Linux network namespaces on one switch, for real partitions between real processes. Nothing of it is visible
 * from outside the namespaces: no interface, route or address is added to the machine's own network. Root only.
 */
import { randomBytes } from 'node:crypto';
import { TestingError } from '../errors.ts';
import { undoAtExit } from '../janitor.ts';
import { type CommandResult, runCommand } from '../run-command.ts';
import { type ExposedPort, exposePort } from './expose.ts';

export interface NetworkHost {
  readonly name: string;
  /** IPv4, reachable from the other hosts of the network only. */
  readonly address: string;
  /** Put before a command to run it on the host; becomes that command by exec. */
  readonly wrapper: readonly string[];
  /** Runs a command there to its end. @throws as `runCommand` */
  run(command: string, args: readonly string[], options?: { timeoutMs?: number }): Promise<CommandResult>;
}

interface Member extends NetworkHost {
  readonly namespace: string;
  readonly mac: string;
}

/** Any range would do, since it ends at the switch. */
const addressPrefix = '10.99.0.';
const largestNetwork = 200;
/** Nobody has this address, so the switch carries what is sent to it to nobody. */
const nobody = '02:00:00:00:ff:ff';

export class Network implements AsyncDisposable {
  readonly hosts: readonly NetworkHost[];
  readonly #members: ReadonlyMap<string, Member>;
  readonly #namespaces: readonly string[];
  readonly #exposed = new Set<ExposedPort>();

  constructor(members: readonly Member[], namespaces: readonly string[]) {
    this.hosts = members;
    this.#members = new Map(members.map((member) => [member.name, member]));
    this.#namespaces = namespaces;
  }

  /** @throws TestingError `InvalidOption` when there is none of this name */
  host(name: string): NetworkHost {
    return this.#member(name);
  }

  /**
   * Packets from one host to another vanish without a trace, in this direction only; established connections stay open
   * and silent, as with a broken switch, until the two ends give up by themselves.
   */
  async cutOneWay(from: string, to: string): Promise<void> {
    const { address } = this.#member(to);
    await this.#neighbour(from, ['replace', address, 'lladdr', nobody, 'nud', 'permanent', 'dev', 'eth0']);
  }

  /** Cuts both directions between each host of one group and each of the other. */
  async cut(group: string | readonly string[], other: string | readonly string[]): Promise<void> {
    await this.#eachPair(group, other, (from, to) => this.cutOneWay(from, to));
  }

  /** Cuts a host from all others. */
  async isolate(name: string): Promise<void> {
    await this.cut(name, this.#allBut(name));
  }

  /** Undoes what cuts did between each host of one group and each of the other; without arguments, between all. */
  async heal(group?: string | readonly string[], other?: string | readonly string[]): Promise<void> {
    const all = [...this.#members.keys()];
    await this.#eachPair(group ?? all, other ?? all, async (from, to) => {
      const { address, mac } = this.#member(to);
      await this.#neighbour(from, ['replace', address, 'lladdr', mac, 'nud', 'permanent', 'dev', 'eth0']);
    });
  }

  /** A port of 127.0.0.1 of the machine that leads to a port of a host, past every cut. */
  async expose(name: string, port: number): Promise<ExposedPort> {
    const exposed = await exposePort(this.#member(name), port);
    this.#exposed.add(exposed);
    return exposed;
  }

  /** Removes the hosts. What still runs on them is cut off from everything; ending it is up to who started it. */
  async close(): Promise<void> {
    await Promise.all([...this.#exposed].map((exposed) => exposed.close()));
    this.#exposed.clear();
    for (const namespace of this.#namespaces) await runCommand('ip', ['netns', 'delete', namespace]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #member(name: string): Member {
    const member = this.#members.get(name);
    if (member !== undefined) return member;
    const known = [...this.#members.keys()].join(', ');
    throw new TestingError('InvalidOption', `no host ${name} in the network; there are ${known}`);
  }

  #allBut(name: string): string[] {
    return [...this.#members.keys()].filter((other) => other !== name);
  }

  async #eachPair(
    group: string | readonly string[],
    other: string | readonly string[],
    act: (from: string, to: string) => Promise<void>,
  ): Promise<void> {
    for (const one of [group].flat()) {
      for (const two of [other].flat()) {
        if (one !== two) await Promise.all([act(one, two), act(two, one)]);
      }
    }
  }

  async #neighbour(from: string, args: readonly string[]): Promise<void> {
    await runCommand('ip', ['-n', this.#member(from).namespace, 'neighbour', ...args]);
  }
}

function expectRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new TestingError('NotRoot', 'network namespaces need root; run the tests as root or with sudo');
}

function wiring(prefix: string, members: readonly Member[]): string[] {
  const hub = `${prefix}-switch`;
  return [
    `netns add ${hub}`,
    `link add br0 netns ${hub} type bridge`,
    ...members.flatMap(({ namespace, mac }, index) => [
      `netns add ${namespace}`,
      `link add eth0 netns ${namespace} address ${mac} type veth peer name p${index} netns ${hub}`,
    ]),
  ];
}

/**
 * Hosts with the names given, each connected to every other.
 *
 * @throws TestingError `NotRoot`, `InvalidOption`, or `CommandFailed` when the kernel has no namespaces or bridges
 */
export async function createNetwork(names: readonly string[]): Promise<Network> {
  expectRoot();
  if (new Set(names).size !== names.length || names.length > largestNetwork) {
    throw new TestingError(
      'InvalidOption',
      `host names must differ and be at most ${largestNetwork}: ${names}`,
    );
  }
  const prefix = `orchestrator-${process.pid}-${randomBytes(3).toString('hex')}`;
  const members = names.map((name, index): Member => {
    const namespace = `${prefix}-${index + 1}`;
    const wrapper = ['ip', 'netns', 'exec', namespace];
    return {
      name,
      namespace,
      address: `${addressPrefix}${index + 1}`,
      mac: `02:00:00:00:00:${(index + 1).toString(16).padStart(2, '0')}`,
      wrapper,
      run: (command, args, options) => runCommand('ip', [...wrapper.slice(1), command, ...args], options),
    };
  });
  const namespaces = [`${prefix}-switch`, ...members.map((member) => member.namespace)];
  for (const namespace of namespaces) undoAtExit('netns', namespace);
  const batch = (args: readonly string[], lines: readonly string[]) =>
    runCommand('ip', [...args, '-batch', '-'], { input: `${lines.join('\n')}\n` });
  await batch([], wiring(prefix, members));
  const ports = members.flatMap((_, index) => [`link set p${index} master br0`, `link set p${index} up`]);
  await batch(['-n', `${prefix}-switch`], [...ports, 'link set br0 up']);
  for (const { namespace, address } of members) {
    const up = ['link set lo up', `address add ${address}/24 dev eth0`, 'link set eth0 up'];
    await batch(['-n', namespace], up);
  }
  const network = new Network(members, namespaces);
  await network.heal();
  return network;
}
