/** Labels that people give to nodes here, since Docker cannot change those of a container that is there. */
import type { DatabaseSync } from 'node:sqlite';
import {
  emptyNode,
  type Leaf,
  type Report,
  type ReportNode,
  type Topology,
  topologyOf,
} from '@orchestrator/report';
import type { Clock } from '@orchestrator/runtime/clock';
import { MonitorError } from '../errors.ts';

export interface LabelChange {
  /** Ids of the nodes, with the topology each is in. */
  readonly nodes: readonly { readonly topology: string; readonly id: string }[];
  readonly set: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}

export interface Labels {
  /** @throws MonitorError `limit` */
  change(change: LabelChange): void;
  /** All of them, as a report that says something about nodes and not that they are there. */
  report(): Report;
}

/** Of all nodes. */
const maxLabels = 100_000;

/** So that queries, grouping and tables find them as they find those of Docker and Kubernetes. */
const prefix = 'label_';
const templates = topologyOf([
  {
    ...{ kind: 'table', id: prefix, label: 'Labels given here', prefix, type: 'property-list' },
    ...{ columns: [], fixedRows: {} },
  },
]).templates;

export function createLabels(database: DatabaseSync, clock: Clock): Labels {
  const put = database.prepare(
    `INSERT INTO labels (topology, node, label, value, changed_ms) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (topology, node, label) DO UPDATE SET value = excluded.value, changed_ms = excluded.changed_ms`,
  );
  const drop = database.prepare('DELETE FROM labels WHERE topology = ? AND node = ? AND label = ?');
  const count = database.prepare('SELECT count(*) AS count FROM labels');
  const all = database.prepare('SELECT topology, node, label, value, changed_ms FROM labels');
  return {
    change({ nodes, set, remove }) {
      const entries = Object.entries(set);
      if (Number(count.get()?.count) + nodes.length * entries.length > maxLabels) {
        throw new MonitorError('limit', `there would be more than ${maxLabels} labels`, {
          remedy: 'remove some first',
        });
      }
      database.exec('BEGIN');
      for (const { topology, id } of nodes) {
        for (const [label, value] of entries) put.run(topology, id, label, value, clock.nowMs());
        for (const label of remove) drop.run(topology, id, label);
      }
      database.exec('COMMIT');
    },
    report() {
      const topologies = new Map<string, Topology & { nodes: Map<string, ReportNode> }>();
      for (const row of all.all()) {
        const [name, id] = [String(row.topology), String(row.node)];
        const topology = topologies.get(name) ?? { templates, nodes: new Map<string, ReportNode>() };
        topologies.set(name, topology);
        const leaf: Leaf<string> = { timeMs: Number(row.changed_ms), value: String(row.value) };
        const latest = new Map(topology.nodes.get(id)?.latest).set(`${prefix}${String(row.label)}`, leaf);
        topology.nodes.set(id, { ...emptyNode, latest });
      }
      return { topologies };
    },
  };
}
