/** What placing connections depends on, and whether that is still the same: metrics change all the time, places seldom do. */
import type { Report, ReportNode } from '@orchestrator/report';
import { type Neighbourhood, neighbourhoodOf } from './endpoint.ts';
import { type Addresses, addressesOf } from './lineage.ts';

export interface Surroundings {
  readonly addresses: Addresses;
  readonly neighbourhood: Neighbourhood;
  /** Another object as soon as anything but processes and connections has come, gone or moved. */
  readonly epoch: object;
}

export interface KnownSurroundings extends Surroundings {
  readonly report: Report;
}

/** These come and go by the second; whoever keeps places checks them one by one. */
const fleeting: ReadonlySet<string> = new Set(['endpoint', 'process']);

const samePlace = (a: ReportNode, b: ReportNode | undefined) =>
  a === b || (b !== undefined && a.parents === b.parents && a.latest === b.latest && a.sets === b.sets);

function samePlaces(a: Report, b: Report): boolean {
  if (a.topologies.size !== b.topologies.size) return false;
  for (const [name, { nodes }] of a.topologies) {
    const before = b.topologies.get(name)?.nodes;
    if (nodes === before || fleeting.has(name)) continue;
    if (before?.size !== nodes.size) return false;
    for (const [id, node] of nodes) if (!samePlace(node, before.get(id))) return false;
  }
  return true;
}

export function surroundingsOf(report: Report, before?: KnownSurroundings): KnownSurroundings {
  if (before?.report === report) return before;
  if (before !== undefined && samePlaces(report, before.report)) return { ...before, report };
  return {
    report,
    addresses: addressesOf(report),
    neighbourhood: neighbourhoodOf(report, before?.neighbourhood),
    epoch: {},
  };
}
