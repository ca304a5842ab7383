import { column, type NodeTable } from './node-table.ts';

/** Puts a new node first among its parent's children; `parent` is -1 for the root. */
export function linkSibling(table: NodeTable, slot: number, parent: number): void {
  table.setInteger(slot, column.firstChild, -1);
  table.setInteger(slot, column.previousSibling, -1);
  const first = parent === -1 ? -1 : table.integer(parent, column.firstChild);
  table.setInteger(slot, column.nextSibling, first);
  if (first !== -1) table.setInteger(first, column.previousSibling, slot);
  if (parent !== -1) table.setInteger(parent, column.firstChild, slot);
}

export function unlinkSibling(table: NodeTable, slot: number, parent: number): void {
  const previous = table.integer(slot, column.previousSibling);
  const next = table.integer(slot, column.nextSibling);
  if (previous !== -1) table.setInteger(previous, column.nextSibling, next);
  else if (parent !== -1) table.setInteger(parent, column.firstChild, next);
  if (next !== -1) table.setInteger(next, column.previousSibling, previous);
}

export function* childSlots(table: NodeTable, slot: number): Generator<number> {
  let child = table.integer(slot, column.firstChild);
  while (child !== -1) {
    yield child;
    child = table.integer(child, column.nextSibling);
  }
}
