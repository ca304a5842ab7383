import { lookup } from 'node:dns/promises';
import type { Random } from '@orchestrator/runtime/random';
import type { Host } from './connect-string.ts';
import type { Endpoint } from './transport.ts';

/** All addresses that a name has at the moment; throws when it has none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

export const systemResolve: Resolve = async (host) => {
  const found = await lookup(host, { all: true, verbatim: true });
  return found.map((entry) => entry.address);
};

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const held = result[i] as T;
    result[i] = result[j] as T;
    result[j] = held;
  }
  return result;
}

/**
 * The servers in an order shuffled once, so that clients spread; every name is resolved anew each time its turn comes, so
 * that a server that moved is found again.
 */
export class Endpoints {
  readonly #hosts: readonly Host[];
  readonly #resolve: Resolve;
  readonly #random: Random;
  #next = 0;

  constructor(hosts: readonly Host[], resolve: Resolve, random: Random) {
    this.#hosts = shuffled(hosts, random);
    this.#resolve = resolve;
    this.#random = random;
  }

  get hostCount(): number {
    return this.#hosts.length;
  }

  /**
   * Every address of every server once, beginning behind the server that was given last. A name that does not resolve
   * is handed to `onUnresolved` and passed over.
   */
  async *round(onUnresolved: (host: Host, error: unknown) => void): AsyncGenerator<Endpoint, void> {
    for (let i = 0; i < this.#hosts.length; i++) {
      const host = this.#hosts[this.#next % this.#hosts.length] as Host;
      this.#next = (this.#next + 1) % this.#hosts.length;
      let addresses: readonly string[];
      try {
        addresses = await this.#resolve(host.host);
      } catch (error) {
        onUnresolved(host, error);
        continue;
      }
      for (const address of shuffled(addresses, this.#random))
        yield { host: host.host, port: host.port, address };
    }
  }
}
