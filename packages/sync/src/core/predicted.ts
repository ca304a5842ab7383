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
}

export class Predicted {
  readonly #written = new Map<string, Written>();
  /** Children that we create, by parent. */
  readonly #created = new Map<string, Set<string>>();

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
    const created = [...(this.#created.get(path) ?? [])].filter(
      (child) => this.has(mirror, child) && !mirror.has(child),
    );
    return created.length === 0 ? kept : [...kept, ...created];
  }

  /** Whether one of our writes of this path is on its way. */
  isInFlight(path: string): boolean {
    return this.#written.has(path);
  }

  /** Whether we are about to make it, perhaps in the place of another. */
  isMade(path: string): boolean {
    return this.#created.get(parentPath(path))?.has(path) === true;
  }

  write(path: string, node: PlannedNode | undefined, batch: number): Undo {
    const before = this.#written.get(path);
    this.#written.set(path, { node, batch });
    return { path, before };
  }

  create(path: string, node: PlannedNode, batch: number): Undo {
    this.#noteChild(path);
    return this.write(path, node, batch);
  }

  /** Nothing is known of a write of ours any more, although it is on its way. */
  drop(path: string): Undo {
    const before = this.#written.get(path);
    this.#forget(path);
    return { path, before };
  }

  undo(undo: Undo): void {
    if (undo.before === undefined) this.#forget(undo.path);
    else this.#written.set(undo.path, undo.before);
  }

  /** The mirror now shows what `batch` did to `path`. */
  confirm(path: string, batch: number): void {
    if (this.#written.get(path)?.batch === batch) this.#forget(path);
  }

  clear(): void {
    this.#written.clear();
    this.#created.clear();
  }

  #noteChild(path: string): void {
    const parent = parentPath(path);
    const known = this.#created.get(parent);
    if (known === undefined) this.#created.set(parent, new Set([path]));
    else known.add(path);
  }

  #forget(path: string): void {
    if (this.#written.get(path)?.node !== undefined && this.#created.size > 0) {
      const parent = parentPath(path);
      const known = this.#created.get(parent);
      if (known?.delete(path) === true && known.size === 0) this.#created.delete(parent);
    }
    this.#written.delete(path);
  }
}
