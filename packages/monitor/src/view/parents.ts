import type { Report, ReportNode } from '@orchestrator/report';
import { viewOfTopology } from './definitions.ts';
import { imageGroupId, imageNameOf } from './grouping.ts';
import { nodeOf, parentsIn, textOf } from './lineage.ts';
import { nameOf } from './names.ts';
import type { ParentRow } from './summary.ts';

/** What the node is part of, as nodes of other views, sorted by view. */
export function parentsOf(report: Report, topology: string, node: ReportNode): ParentRow[] {
  const rows: ParentRow[] = [];
  const add = (parentTopology: string, id: string) => {
    const topologyId = viewOfTopology(parentTopology);
    const parent = nodeOf(report, parentTopology, id);
    if (topologyId === undefined || parent === undefined || rows.some((row) => row.id === id)) return;
    rows.push({ id, label: nameOf(report, parentTopology, id, parent).label, topologyId });
  };
  for (const name of node.parents.keys()) {
    if (name === topology || name === 'container_image') continue;
    for (const id of parentsIn(report, node, name)) add(name, id);
  }
  if (topology !== 'host') add('host', textOf(node, 'host_node_id'));
  const [containerId] = topology === 'container' ? [] : parentsIn(report, node, 'container');
  const container = topology === 'container' ? node : nodeOf(report, 'container', containerId ?? '');
  const image = container === undefined ? '' : imageNameOf(report, container);
  if (image !== '') rows.push({ id: imageGroupId(image), label: image, topologyId: 'containers-by-image' });
  return rows.sort((a, b) =>
    a.topologyId < b.topologyId ? -1 : a.topologyId > b.topologyId ? 1 : a.id < b.id ? -1 : 1,
  );
}

export const sameParents = (a: readonly ParentRow[], b: readonly ParentRow[]): boolean =>
  a.length === b.length &&
  a.every((row, index) => {
    const other = b[index];
    return row.id === other?.id && row.label === other.label && row.topologyId === other.topologyId;
  });
