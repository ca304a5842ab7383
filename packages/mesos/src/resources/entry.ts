import type { ResourceKind } from './kind.ts';
import { addRanges, containsRanges, equalRanges, noRanges, type Ranges, subtractRanges } from './ranges.ts';

/** So much of one kind. Only the amount of the kind's type is used; the others are empty. */
export interface ResourceEntry {
  readonly kind: ResourceKind;
  readonly thousandths: number;
  readonly ranges: Ranges;
  readonly items: readonly string[];
  /** How often a shared resource is held; 1 for all others. */
  readonly copies: number;
}

const noItems: readonly string[] = [];

export function scalarEntry(kind: ResourceKind, thousandths: number): ResourceEntry {
  return { kind, thousandths, ranges: noRanges, items: noItems, copies: 1 };
}

export function rangesEntry(kind: ResourceKind, ranges: Ranges): ResourceEntry {
  return { kind, thousandths: 0, ranges, items: noItems, copies: 1 };
}

export function setEntry(kind: ResourceKind, items: readonly string[]): ResourceEntry {
  return { kind, thousandths: 0, ranges: noRanges, items, copies: 1 };
}

export function withKind(entry: ResourceEntry, kind: ResourceKind): ResourceEntry {
  return kind === entry.kind ? entry : { ...entry, kind };
}

const sameKind = (left: ResourceEntry, right: ResourceEntry) =>
  left.kind === right.kind || left.kind.key === right.kind.key;

const containsItems = (left: readonly string[], right: readonly string[]) =>
  right.every((item) => left.includes(item));

function sameAmount(left: ResourceEntry, right: ResourceEntry): boolean {
  return (
    left.thousandths === right.thousandths &&
    equalRanges(left.ranges, right.ranges) &&
    left.items.length === right.items.length &&
    containsItems(left.items, right.items)
  );
}

export function equalEntries(left: ResourceEntry, right: ResourceEntry): boolean {
  return sameKind(left, right) && left.copies === right.copies && sameAmount(left, right);
}

export function isEmptyEntry(entry: ResourceEntry): boolean {
  if (entry.kind.shared && entry.copies <= 0) return true;
  switch (entry.kind.type) {
    case 'scalar':
      return entry.thousandths <= 0;
    case 'ranges':
      return entry.ranges.length === 0;
    case 'set':
      return entry.items.length === 0;
  }
}

function canSubtract(left: ResourceEntry, right: ResourceEntry): boolean {
  return sameKind(left, right) && (!(left.kind.exclusive || left.kind.shared) || sameAmount(left, right));
}

export function containsEntry(left: ResourceEntry, right: ResourceEntry): boolean {
  if (!canSubtract(left, right)) return false;
  if (left.kind.shared) return left.copies >= right.copies;
  return (
    left.thousandths >= right.thousandths &&
    containsRanges(left.ranges, right.ranges) &&
    containsItems(left.items, right.items)
  );
}

function joined(left: ResourceEntry, right: ResourceEntry): ResourceEntry | undefined {
  if (!sameKind(left, right)) return undefined;
  const { kind } = left;
  if (kind.shared) {
    return sameAmount(left, right) ? { ...left, copies: left.copies + right.copies } : undefined;
  }
  if (kind.exclusive) return undefined;
  switch (kind.type) {
    case 'scalar':
      return scalarEntry(kind, left.thousandths + right.thousandths);
    case 'ranges':
      return rangesEntry(kind, addRanges(left.ranges, right.ranges));
    case 'set':
      return setEntry(kind, [...left.items, ...right.items.filter((item) => !left.items.includes(item))]);
  }
}

function reduced(left: ResourceEntry, right: ResourceEntry): ResourceEntry {
  const { kind } = left;
  if (kind.shared) return { ...left, copies: left.copies - right.copies };
  switch (kind.type) {
    case 'scalar':
      return scalarEntry(kind, left.thousandths - right.thousandths);
    case 'ranges':
      return rangesEntry(kind, subtractRanges(left.ranges, right.ranges));
    case 'set':
      return setEntry(
        kind,
        left.items.filter((item) => !right.items.includes(item)),
      );
  }
}

/** Joins the entry with one of its kind in the list, or appends it. */
export function addEntry(entries: ResourceEntry[], entry: ResourceEntry): void {
  if (isEmptyEntry(entry)) return;
  for (let index = 0; index < entries.length; index++) {
    const existing = entries[index];
    const sum = existing && joined(existing, entry);
    if (sum !== undefined) {
      entries[index] = sum;
      return;
    }
  }
  entries.push(entry);
}

/** Takes the entry from one of its kind; what is not there is not taken. Nothing goes below zero. */
export function subtractEntry(entries: ResourceEntry[], entry: ResourceEntry): void {
  if (isEmptyEntry(entry)) return;
  const index = entries.findIndex((existing) => canSubtract(existing, entry));
  const existing = entries[index];
  if (existing === undefined) return;
  const rest = reduced(existing, entry);
  if (!isEmptyEntry(rest)) {
    entries[index] = rest;
    return;
  }
  const last = entries.pop(); // takes the place of what is gone: order means nothing, shifting costs
  if (last !== undefined && index < entries.length) entries[index] = last;
}
