/**
 * Networks that several containers have in common: the first of them makes it, the last to go takes it down. Who is in it
 * is what the containers' own folders say, so that nothing has to be counted, and no crash makes a count wrong.
 */

import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Clock } from '@orchestrator/runtime/clock';
import type { ContainerSpec } from '../container/spec.ts';
import { addressesOf } from './cni.ts';
import { endMakers } from './half-made.ts';
import {
  attachmentIn,
  type ContainerNetworkNamespace,
  makeNetwork,
  type NetworksOptions,
  removeNetwork,
} from './network.ts';

export interface SharedNetworksOptions extends NetworksOptions {
  /** A file for each network. */
  folder: string;
  clock: Clock;
  /** Containers that are there, in whatever state, with that in common. */
  members: (owner: string) => Promise<readonly string[]>;
}

const suffix = '.json';

export class SharedNetworks {
  readonly #options: SharedNetworksOptions;
  /** One at a time comes or goes. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: SharedNetworksOptions) {
    this.#options = options;
  }

  /** @param owner what the containers have in common */
  join(owner: string, spec: ContainerSpec): Promise<ContainerNetworkNamespace> {
    return this.#inTurn(owner, async () => {
      const file = this.#fileOf(owner);
      const there = await attachmentIn(file);
      const isWhole = there !== undefined && addressesOf(there.result).length > 0;
      if (isWhole && existsSync(there.namespace))
        return { path: there.namespace, ipAddresses: addressesOf(there.result) };
      await this.#takeDown(owner);
      await mkdir(this.#options.folder, { recursive: true });
      return await makeNetwork(owner, spec, file, this.#options);
    });
  }

  leave(owner: string, containerId: string): Promise<void> {
    return this.#inTurn(owner, async () => {
      const members = await this.#options.members(owner);
      if (members.every((member) => member === containerId)) await this.#takeDown(owner);
    });
  }

  /** Those that an agent which died has left without anybody in them. */
  async sweep(): Promise<void> {
    if (!existsSync(this.#options.folder)) return;
    for (const file of await readdir(this.#options.folder)) await this.leave(basename(file, suffix), '');
  }

  #fileOf(owner: string): string {
    return join(this.#options.folder, `${owner}${suffix}`);
  }

  async #takeDown(owner: string): Promise<void> {
    const file = this.#fileOf(owner);
    const there = await attachmentIn(file);
    // Somebody who made it may be at it still, on behalf of an agent that has died.
    if (there !== undefined && addressesOf(there.result).length === 0)
      await endMakers(owner, file, this.#options.clock);
    await removeNetwork(owner, file, this.#options.cni);
    await rm(file, { force: true });
  }

  #inTurn<Result>(owner: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#turns.get(owner) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.#turns.set(owner, turn);
    const forget = () => {
      if (this.#turns.get(owner) === turn) this.#turns.delete(owner);
    };
    turn.then(forget, forget);
    return turn;
  }
}
