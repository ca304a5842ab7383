/**
 * What the far side of a lane will look like once everything in flight has been applied: its mirror, overlaid with the
 * results of our own writes that its stream has not shown yet.
 */
import { type Acl, dataHash, parentPath } from '@orchestrator/zookeeper';
import type { Mirror, MirrorNode } from './mirror.ts';

/** A node as the planner sees it. */
export interface PlannedNode {
  readonly version: number;
  readonly aversion: number;
  readonly owner: bigint;
  readonly acl: readonly Acl[];
  readonly dataHash: bigint;
}

export function asPlanned(node: MirrorNode): PlannedNode {
  const { stat, acl } = node;
  return {
    version: stat.version,
    aversion: stat.aversion,
    owner: stat.ephemeralOwner,
    acl,
    dataHash: node.dataHash,
  };
}

/** The result of one of our writes; its hash is computed only if somebody asks. */
export class WrittenNode implements PlannedNode {
  readonly version: number;
  readonly aversion: number;
  readonly owner: bigint;
  readonly acl: readonly Acl[];
  readonly #data: Buffer | null;
  #hash: bigint | undefined;

  constructor(
    node: Pick<PlannedNode, 'version' | 'aversion' | 'owner' | 'acl'>,
    data: Buffer | null,
    hash?: bigint,
  ) {
    this.version = node.version;
    this.aversion = node.aversion;
    this.owner = node.owner;
    this.acl = node.acl;
    this.#data = data;
    this.#hash = hash;
  }

  get dataHash(): bigint {
    this.#hash ??= dataHash(this.#data);
    return this.#hash;
  }
}

interface Written {
  readonly node: PlannedNode | undefined;
  readonly batch: number;
}

/** How to take one write back. */
export interface Undo {
  readonly path: string;
  readonly before: Written | undefined;
  readonly madeIn: number | undefined;
}

export class Predicted {
  readonly #written = new Map<string, Written>();
  /** Children that we create and the mirror does not show, by parent, with the batch that does. */
  readonly #made = new Map<string, Map<string, number>>();

  /** `undefined`: will not be there. */
  get(mirror: Mirror, path: string): PlannedNode | undefined {
    const written = this.#written.get(path);
    if (written !== undefined) return written.node;
    const node = mirror.get(path);
    return node === undefined ? undefined : asPlanned(node);
  }

  has(mirror: Mirror, path: string): boolean {
    const written = this.#written.get(path);
    return written === undefined ? mirror.has(path) : written.node !== undefined;
  }

  children(mirror: Mirror, path: string): string[] {
    const kept = mirror.children(path).filter((child) => this.has(mirror, child));
    const made = [...(this.#made.get(path)?.keys() ?? [])].filter(
      (child) => this.has(mirror, child) && !mirror.has(child),
    );
    return made.length === 0 ? kept : [...kept, ...made];
  }

  /** Whether one of our writes of this path is on its way. */
  isInFlight(path: string): boolean {
    return this.#written.has(path);
  }

  /** Whether we are about to make it, perhaps in the place of another. */
  isMade(path: string): boolean {
    return this.#written.get(path)?.node !== undefined && this.#madeIn(path) !== undefined;
  }

  write(path: string, node: PlannedNode | undefined, batch: number): Undo {
    const undo = this.#undoOf(path);
    this.#written.set(path, { node, batch });
    return undo;
  }

  create(path: string, node: PlannedNode, batch: number): Undo {
    const undo = this.write(path, node, batch);
    this.#noteMade(path, batch);
    return undo;
  }

  /** Nothing is known of a write of ours any more, although it is on its way. */
  drop(path: string): Undo {
    const undo = this.#undoOf(path);
    this.#written.delete(path);
    this.#noteMade(path, undefined);
    return undo;
  }

  undo({ path, before, madeIn }: Undo): void {
    if (before === undefined) this.#written.delete(path);
    else this.#written.set(path, before);
    this.#noteMade(path, madeIn);
  }

  /** The mirror now shows what `batch` did to `path`. */
  confirm(path: string, batch: number): void {
    if (this.#written.get(path)?.batch === batch) this.#written.delete(path);
    if (this.#madeIn(path) === batch) this.#noteMade(path, undefined);
  }

  clear(): void {
    this.#written.clear();
    this.#made.clear();
  }

  #undoOf(path: string): Undo {
    return { path, before: this.#written.get(path), madeIn: this.#madeIn(path) };
  }

  #madeIn(path: string): number | undefined {
    return this.#made.size === 0 ? undefined : this.#made.get(parentPath(path))?.get(path);
  }

  #noteMade(path: string, batch: number | undefined): void {
    if (batch === undefined && this.#made.size === 0) return;
    const parent = parentPath(path);
    const known = this.#made.get(parent);
    if (batch !== undefined) {
      if (known === undefined) this.#made.set(parent, new Map([[path, batch]]));
      else known.set(path, batch);
    } else if (known?.delete(path) === true && known.size === 0) this.#made.delete(parent);
  }
}
