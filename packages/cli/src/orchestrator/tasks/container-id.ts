/** A ContainerID: an id within the one of its parent. */
export interface NestedId {
  readonly value: string;
  readonly parent?: NestedId;
}

/** From ids, outermost first; undefined for none. */
export function nestedId(ids: readonly string[]): NestedId | undefined {
  let nested: NestedId | undefined;
  for (const value of ids) nested = nested === undefined ? { value } : { value, parent: nested };
  return nested;
}
