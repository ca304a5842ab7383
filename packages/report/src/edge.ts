/** What goes from a node to another one: what its connections are doing, seen from the node that opened them. */
export interface Edge {
  /** Open now. */
  readonly connections: number;
  /** Opened since the edge is known, those that are gone again included. */
  readonly opened: number;
  readonly sentBytesPerS: number;
  readonly receivedBytesPerS: number;
}

/** The busier one is the greater. */
export function edgeOrder(a: Edge, b: Edge): number {
  return (
    a.opened - b.opened ||
    a.connections - b.connections ||
    a.sentBytesPerS - b.sentBytesPerS ||
    a.receivedBytesPerS - b.receivedBytesPerS
  );
}
