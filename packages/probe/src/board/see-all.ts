import type { Sighting } from '@orchestrator/report';
import type { Board } from './board.ts';

/** Writes all nodes of a topology: those that are not named are gone. */
export function seeAll(
  board: Board,
  topology: string,
  nodes: readonly (readonly [id: string, sighting: Sighting])[],
): void {
  const ids = new Set(nodes.map(([id]) => id));
  for (const [id, sighting] of nodes) board.see(topology, id, sighting);
  board.keepOnly(topology, (id) => ids.has(id));
}
