/** Clients of one ensemble, doing what clients do on a small key space, so that conflicts are common. */
import type { Random } from '@orchestrator/runtime';
import type { Clock } from '@orchestrator/runtime/clock';
import type { Side } from '@orchestrator/sync';
import { openAcl } from '@orchestrator/zookeeper';
import type { NamedNode } from './history.ts';
import type { Ensemble, Request } from './model/ensemble.ts';

export interface ClientsOptions {
  readonly side: Side;
  readonly count: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly ensemble: Ensemble;
  readonly largestPauseMs: number;
  /** Whether they use sequential nodes. */
  readonly sequential: boolean;
  readonly electionGroups: readonly string[];
}

const shared = ['/a', '/a/b', '/a/b/c', '/a/d', '/e', '/e/f', '/g', '/g/h', '/g/h/i', '/locks', '/group'];
/** Parents of sequential nodes; made, changed and deleted like the others. */
const queues = ['/locks', '/locks', '/a/d', '/group'];
const sessionTimeoutMs = 1e12;

export class Clients {
  readonly #options: ClientsOptions;
  readonly #sessions: bigint[] = [];
  /** All sessions that clients of this side ever had. */
  readonly everySession = new Set<bigint>();
  /** What a server named, with the transaction that made it. */
  readonly named: NamedNode[] = [];
  #isActive = false;
  #written = 0;

  constructor(options: ClientsOptions) {
    this.#options = options;
    for (let i = 0; i < options.count; i++) this.#openSession(i);
  }

  start(): void {
    this.#isActive = true;
    for (let i = 0; i < this.#options.count; i++) this.#next(i);
  }

  stop(): void {
    this.#isActive = false;
  }

  /** Ends a client's session, by itself or by expiry, and opens another. */
  renewSession(index: number): void {
    const session = this.#sessions[index];
    if (session !== undefined) this.#options.ensemble.closeSession(session);
    this.#openSession(index);
  }

  get liveSessions(): readonly bigint[] {
    return this.#sessions;
  }

  #openSession(index: number): void {
    const session = this.#options.ensemble.openSession(sessionTimeoutMs);
    this.#sessions[index] = session;
    this.everySession.add(session);
  }

  #next(index: number): void {
    const { clock, random, largestPauseMs } = this.#options;
    clock.after(1 + random.below(largestPauseMs), () => {
      if (!this.#isActive) return;
      this.#act(index);
      this.#next(index);
    });
  }

  #act(index: number): void {
    const { random, ensemble } = this.#options;
    const session = this.#sessions[index];
    if (session === undefined) return;
    const dice = random.fraction();
    if (dice < 0.03) {
      this.renewSession(index);
      return;
    }
    const count = dice < 0.12 ? 2 + random.below(3) : 1;
    const requests: Request[] = [];
    for (let i = 0; i < count; i++) requests.push(this.#request(count > 1));
    const { paths, zxid, error } = ensemble.submit(session, requests);
    if (error !== undefined) return;
    const creates = requests.filter((request) => request.kind === 'create');
    for (const [i, create] of creates.entries()) {
      const path = paths[i];
      if (create.sequential === true && path !== undefined) this.named.push({ path, zxid });
    }
  }

  #request(inMulti: boolean): Request {
    const { random, sequential } = this.#options;
    const dice = random.fraction();
    const path = this.#path();
    if (sequential && dice < 0.12) return this.#sequential();
    if (dice < 0.4) {
      const mode = random.fraction();
      return {
        kind: 'create',
        path,
        data: this.#data(),
        mode: mode < 0.2 ? 'ephemeral' : mode < 0.25 ? 'container' : 'persistent',
      };
    }
    if (dice < 0.75) return { kind: 'setData', path, data: this.#data(), version: this.#version(path) };
    if (dice < 0.82 && !inMulti) {
      const acl = [{ ...openAcl[0], perms: 16 + random.below(16), scheme: 'world', id: 'anyone' }];
      return { kind: 'setAcl', path, acl, aversion: -1 };
    }
    return { kind: 'delete', path, version: this.#version(path) };
  }

  #sequential(): Request {
    const { random, electionGroups } = this.#options;
    const parent =
      electionGroups[0] !== undefined && random.fraction() < 0.3
        ? electionGroups[0]
        : (queues[random.below(queues.length)] ?? '/locks');
    const mode = random.fraction() < 0.8 ? 'ephemeral' : 'persistent';
    return { kind: 'create', path: `${parent}/n-`, data: this.#data(), mode, sequential: true };
  }

  #path(): string {
    const { random, side } = this.#options;
    if (random.fraction() < 0.35)
      return random.fraction() < 0.5 ? `/${side}` : `/${side}/x${random.below(3)}`;
    const known = shared[random.below(shared.length)] ?? '/a';
    const isLeft = known !== '/locks' && !(this.#options.sequential && queues.includes(known));
    if (isLeft || random.fraction() < 0.5) return known;
    const children = this.#options.ensemble.tree.children(known);
    return children[random.below(children.length)] ?? known;
  }

  #version(path: string): number {
    const { random, ensemble } = this.#options;
    return random.fraction() < 0.3 ? (ensemble.tree.get(path)?.stat.version ?? -1) : -1;
  }

  /** Mostly unlike anything else, so that a lost write is seen; sometimes the same as others write. */
  #data(): Buffer {
    const { random, side } = this.#options;
    if (random.fraction() < 0.05) return Buffer.from('same');
    return Buffer.from(`${side[0]}${this.#written++}`);
  }
}
