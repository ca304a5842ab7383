/** What placing connections depends on, and whether that is still the same: metrics change all the time, places seldom do. */
import type { Report, ReportNode } from '@orchestrator/report';
import { changesBetween, type ReportChanges } from '../collect/change-log.ts';
import { type Neighbourhood, neighbourhoodOf } from './endpoint.ts';
import { type Addresses, addressesOf, nodeOf, textOf } from './lineage.ts';

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

/** What of a node's leaves places it, or names where others are placed. */
const placing = ['host_node_id', 'host_name', 'kubernetes_ip', 'docker_container_network_mode'];

function samePlace(a: ReportNode | undefined, b: ReportNode | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.parents !== b.parents || a.sets !== b.sets) return false;
  return a.latest === b.latest || placing.every((key) => textOf(a, key) === textOf(b, key));
}

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

function sameInChanges(a: Report, b: Report, changes: ReportChanges): boolean {
  for (const [name, ids] of changes) {
    if (fleeting.has(name)) continue;
    for (const id of ids) if (!samePlace(nodeOf(a, name, id), nodeOf(b, name, id))) return false;
  }
  return true;
}

export function surroundingsOf(report: Report, before?: KnownSurroundings): KnownSurroundings {
  if (before?.report === report) return before;
  if (before !== undefined) {
    const changes = changesBetween(before.report, report);
    const same =
      changes === undefined
        ? samePlaces(report, before.report)
        : sameInChanges(report, before.report, changes);
    if (same) return { ...before, report };
  }
  return {
    report,
    addresses: addressesOf(report),
    neighbourhood: neighbourhoodOf(report, before?.neighbourhood),
    epoch: {},
  };
}
