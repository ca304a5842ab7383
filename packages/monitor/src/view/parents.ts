import type { Report, ReportNode } from '@orchestrator/report';
import { viewOfTopology } from './definitions.ts';
import { imageGroupId, imageIdsOf, imageNameOf } from './grouping.ts';
import { nodeOf, parentsIn, textOf } from './lineage.ts';
import { nameOf } from './names.ts';
import type { ParentRow } from './summary.ts';

/** A node of the report that was looked at, and what was found; undefined if it was not there. */
export type Source = readonly [topology: string, id: string, found: ReportNode | undefined];

export interface Parents {
  /** Nodes of other views, sorted by view. */
  readonly rows: readonly ParentRow[];
  /** As long as these stand, so do the rows, and the names that come from them. */
  readonly sources: readonly Source[];
}

export const noParents: Parents = { rows: [], sources: [] };

/** Whether a report still has the same in these places; of hosts only what names them is looked at. */
export function stand(report: Report, sources: readonly Source[]): boolean {
  return sources.every(([topology, id, found]) => {
    const node = nodeOf(report, topology, id);
    return (
      node === found ||
      (node !== undefined && node.latest === found?.latest && node.parents === found.parents)
    );
  });
}

const byView = (a: ParentRow, b: ParentRow) =>
  a.topologyId < b.topologyId ? -1 : a.topologyId > b.topologyId ? 1 : a.id < b.id ? -1 : 1;

/** What the node is part of. */
export function parentsOf(report: Report, topology: string, node: ReportNode): Parents {
  const rows: ParentRow[] = [];
  const sources: Source[] = [];
  const look = (name: string, id: string): ReportNode | undefined => {
    const found = nodeOf(report, name, id);
    sources.push([name, id, found]);
    return found;
  };
  const add = (parentTopology: string, id: string) => {
    if (id === '' || sources.some(([name, known]) => name === parentTopology && known === id)) return;
    const parent = look(parentTopology, id);
    const topologyId = viewOfTopology(parentTopology);
    if (topologyId === undefined || parent === undefined) return;
    rows.push({ id, label: nameOf(report, parentTopology, id, parent).label, topologyId });
  };
  for (const [name, leaves] of node.parents) {
    if (name === topology || name === 'container_image') continue;
    for (const [id, { value }] of leaves) if (value === true) add(name, id);
  }
  if (topology !== 'host') add('host', textOf(node, 'host_node_id'));
  const [containerId] = topology === 'container' ? [] : parentsIn(report, node, 'container');
  const container = topology === 'container' ? node : nodeOf(report, 'container', containerId ?? '');
  for (const id of container === undefined ? [] : imageIdsOf(container)) look('container_image', id);
  const image = container === undefined ? '' : imageNameOf(report, container);
  if (image !== '') rows.push({ id: imageGroupId(image), label: image, topologyId: 'containers-by-image' });
  return { rows: rows.sort(byView), sources };
}
