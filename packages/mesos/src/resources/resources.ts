import type {
  Resource,
  Resource_ReservationInfoValid,
  ResourceValid,
} from '../generated/mesos/v1/resource_pb.ts';
import {
  addEntry,
  containsEntry,
  equalEntries,
  type ResourceEntry,
  subtractEntry,
  withKind,
} from './entry.ts';
import type { ResourceFormat } from './format.ts';
import { isPersistentVolume, makeKind, type ResourceKind, withAllocation } from './kind.ts';
import { parseResources } from './parse.ts';
import { formatEntry } from './print.ts';
import { countRanges } from './ranges.ts';
import { entryFromMessage, entryToMessage } from './wire.ts';

function holdsEntry(entries: readonly ResourceEntry[], wanted: ResourceEntry): boolean {
  for (const entry of entries) if (containsEntry(entry, wanted)) return true;
  return false;
}

/**
 * An immutable sum of resources, in a compact form of its own: what an agent has, an offer holds, a task uses. Equal
 * kinds are joined, empty amounts are left out; the order of the entries means nothing.
 */
export class Resources implements Iterable<ResourceEntry> {
  static readonly none = new Resources([]);

  readonly #entries: readonly ResourceEntry[];

  private constructor(entries: readonly ResourceEntry[]) {
    this.#entries = entries;
  }

  /** Throws `MesosError` (`invalid`) for a message that is no valid resource. Both reservation formats are read. */
  static from(messages: readonly Resource[]): Resources {
    if (messages.length === 0) return Resources.none;
    return Resources.join(messages.map(entryFromMessage));
  }

  static join(entries: Iterable<ResourceEntry>): Resources {
    const joined: ResourceEntry[] = [];
    for (const entry of entries) addEntry(joined, entry);
    return joined.length === 0 ? Resources.none : new Resources(joined);
  }

  static sum(parts: Iterable<Resources>): Resources {
    let only = Resources.none;
    let joined: ResourceEntry[] | undefined;
    for (const part of parts) {
      if (part.isEmpty) continue;
      if (only.isEmpty) {
        only = part;
        continue;
      }
      joined ??= [...only.#entries];
      for (const entry of part.#entries) addEntry(joined, entry);
    }
    return joined === undefined ? only : new Resources(joined);
  }

  /**
   * The text of `--resources`: `cpus:4;mem:1024;ports:[31000-32000]` or a JSON array of resources. What names no role
   * is statically reserved for `defaultRole` (`*`: for nobody). Throws `MesosError` (`invalid`).
   */
  static parse(text: string, defaultRole = '*'): Resources {
    return Resources.from(parseResources(text, defaultRole));
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  get size(): number {
    return this.#entries.length;
  }

  [Symbol.iterator](): Iterator<ResourceEntry> {
    return this.#entries[Symbol.iterator]();
  }

  plus(other: Resources): Resources {
    if (other.isEmpty) return this;
    if (this.isEmpty) return other;
    const entries = [...this.#entries];
    for (const entry of other.#entries) addEntry(entries, entry);
    return new Resources(entries);
  }

  /** What is not there is not taken, and nothing goes below zero: ask `contains` first where it matters. */
  minus(other: Resources): Resources {
    if (other.isEmpty || this.isEmpty) return this;
    const entries = [...this.#entries];
    for (const entry of other.#entries) subtractEntry(entries, entry);
    return entries.length === 0 ? Resources.none : new Resources(entries);
  }

  /** All of the other is here: the same kinds, and at least as much of each. */
  contains(other: Resources): boolean {
    let remaining = this.#entries;
    for (const entry of other.#entries) {
      if (!holdsEntry(remaining, entry)) return false;
      if (isPersistentVolume(entry.kind)) {
        const rest = [...remaining];
        subtractEntry(rest, entry);
        remaining = rest;
      }
    }
    return true;
  }

  equals(other: Resources): boolean {
    return (
      this.size === other.size &&
      this.#entries.every((entry) => other.#entries.some((existing) => equalEntries(existing, entry)))
    );
  }

  filter(wanted: (kind: ResourceKind) => boolean): Resources {
    const entries = this.#entries.filter((entry) => wanted(entry.kind));
    if (entries.length === this.size) return this;
    return entries.length === 0 ? Resources.none : new Resources(entries);
  }

  /** The same amounts of other kinds: reserved, allocated, stripped of their disk. */
  mapKinds(change: (kind: ResourceKind) => ResourceKind): Resources {
    return Resources.join(this.#entries.map((entry) => withKind(entry, change(entry.kind))));
  }

  /** Allocated to the role; undefined: to nobody. */
  allocatedTo(role: string | undefined): Resources {
    const [first] = this.#entries;
    const before = first?.kind.allocatedTo;
    if (this.#entries.some(({ kind }) => kind.allocatedTo !== before)) {
      return this.mapKinds((kind) => withAllocation(kind, role));
    }
    // Kinds that differ still do.
    if (first === undefined || before === role) return this;
    return new Resources(this.#entries.map((entry) => withKind(entry, withAllocation(entry.kind, role))));
  }

  /** One more reservation on top of the stack. */
  pushReservation(reservation: Resource_ReservationInfoValid): Resources {
    return this.mapKinds((kind) => makeKind({ ...kind, reservations: [...kind.reservations, reservation] }));
  }

  /** Without the topmost reservation; unreserved resources stay as they are. */
  popReservation(): Resources {
    return this.mapKinds((kind) =>
      kind.reservations.length === 0
        ? kind
        : makeKind({ ...kind, reservations: kind.reservations.slice(0, -1) }),
    );
  }

  toUnreserved(): Resources {
    return this.mapKinds((kind) =>
      kind.reservations.length === 0 ? kind : makeKind({ ...kind, reservations: [] }),
    );
  }

  /** All scalars of a name together, in thousandths, whatever they are reserved for. */
  thousandths(name: string): number {
    let sum = 0;
    for (const { kind, thousandths } of this.#entries) if (kind.name === name) sum += thousandths;
    return sum;
  }

  /** Thousandths by name, of scalars only. */
  scalars(): Map<string, number> {
    const sums = new Map<string, number>();
    for (const { kind, thousandths } of this.#entries) {
      if (kind.type === 'scalar') sums.set(kind.name, (sums.get(kind.name) ?? 0) + thousandths);
    }
    return sums;
  }

  /** All of a name together, in thousandths; numbers of ranges and items of sets count a thousand each. */
  quantity(name: string): number {
    let sum = 0;
    for (const { kind, thousandths, ranges, items } of this.#entries) {
      if (kind.name === name) sum += thousandths + 1000 * (countRanges(ranges) + items.length);
    }
    return sum;
  }

  /** At least so much of each name, as `quantity` counts it. */
  containsQuantities(quantities: Iterable<readonly [string, number]>): boolean {
    for (const [name, wanted] of quantities) if (this.quantity(name) < wanted) return false;
    return true;
  }

  /** One message for each entry and each copy of a shared one. Throws `MesosError` when `format` cannot say a reservation. */
  toMessages(format: ResourceFormat = 'stack'): ResourceValid[] {
    const messages: ResourceValid[] = [];
    for (const entry of this.#entries) {
      for (let copy = 0; copy < entry.copies; copy++) messages.push(entryToMessage(entry, format));
    }
    return messages;
  }

  /** As Mesos prints them: `cpus:4; mem(reservations: [(STATIC,web)]):1024; ports:[31000-32000]`. */
  toString(): string {
    if (this.isEmpty) return '{}';
    return this.#entries
      .map((entry) => (entry.kind.shared ? `${formatEntry(entry)}<${entry.copies}>` : formatEntry(entry)))
      .join('; ');
  }
}
