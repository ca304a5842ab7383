/** What the monitor tells of views and nodes. Unknown keys are left out, so that a newer server can say more. */
import { z } from 'zod';

const metadataRow = z.object({
  id: z.string(),
  label: z.string(),
  value: z.string(),
  priority: z.number(),
  dataType: z.string().optional(),
  /** Of the characters to show. */
  truncate: z.number().optional(),
});

const metricRow = z.object({
  id: z.string(),
  label: z.string(),
  format: z.string().optional(),
  group: z.string().optional(),
  value: z.number(),
  priority: z.number(),
  samples: z.array(z.object({ date: z.string(), value: z.number() })).nullable(),
  min: z.number(),
  max: z.number(),
});

const table = z.object({
  id: z.string(),
  label: z.string(),
  type: z.string(),
  columns: z
    .array(z.object({ id: z.string(), label: z.string(), dataType: z.string().optional() }))
    .nullable(),
  rows: z.array(z.object({ id: z.string(), entries: z.record(z.string(), z.string()) })),
  truncationCount: z.number().optional(),
});

const flow = z.object({
  id: z.string(),
  connections: z.number(),
  sentBytesPerS: z.number(),
  receivedBytesPerS: z.number(),
});

const parent = z.object({ id: z.string(), label: z.string(), topologyId: z.string() });

export const summary = z.object({
  id: z.string(),
  label: z.string(),
  labelMinor: z.string(),
  rank: z.string(),
  shape: z.string(),
  stack: z.boolean().optional(),
  pseudo: z.boolean().optional(),
  metadata: z.array(metadataRow).optional(),
  parents: z.array(parent).optional(),
  metrics: z.array(metricRow).optional(),
  tables: z.array(table).optional(),
  adjacency: z.array(z.string()).optional(),
  flows: z.array(flow).optional(),
});

export type NodeSummary = z.output<typeof summary>;
export type MetadataRow = z.output<typeof metadataRow>;
export type MetricRow = z.output<typeof metricRow>;
export type NodeTable = z.output<typeof table>;

/** A message of `WS /api/topology/VIEW/ws`. */
export const difference = z.object({
  add: z.array(summary).nullable(),
  update: z.array(summary).nullable(),
  remove: z.array(z.string()).nullable(),
  reset: z.boolean().optional(),
});

export type Difference = z.output<typeof difference>;

/** Of `GET /api/topology/VIEW`. */
export const wholeView = z.object({ nodes: z.record(z.string(), summary) });

const control = z.object({
  probeId: z.string(),
  nodeId: z.string(),
  id: z.string(),
  human: z.string(),
  icon: z.string(),
  rank: z.number(),
  confirmation: z.string().optional(),
  /** Filled in before it is done. */
  inputs: z.array(z.object({ id: z.string(), label: z.string() })).optional(),
});

export type Control = z.output<typeof control>;

const childGroup = z.object({
  topologyId: z.string(),
  label: z.string(),
  nodes: z.array(summary),
  columns: z.array(z.object({ id: z.string(), label: z.string() })).nullish(),
});

const connectionTable = z.object({
  id: z.string(),
  topologyId: z.string(),
  label: z.string(),
  columns: z.array(z.object({ id: z.string(), label: z.string(), dataType: z.string().optional() })),
  connections: z.array(
    z.object({
      id: z.string(),
      nodeId: z.string(),
      label: z.string(),
      labelMinor: z.string().optional(),
      metadata: z.array(z.object({ id: z.string(), value: z.string() })),
      ...{ sentBytesPerS: z.number(), receivedBytesPerS: z.number() },
    }),
  ),
});

export type ConnectionTable = z.output<typeof connectionTable>;

export const detail = z.object({
  node: summary.extend({
    controls: z.array(control),
    children: z.array(childGroup).optional(),
    connections: z.array(connectionTable).optional(),
  }),
});

export type NodeDetail = z.output<typeof detail>['node'];

const viewFields = {
  name: z.string(),
  url: z.string(),
  rank: z.number(),
  hide_if_empty: z.boolean(),
  options: z
    .array(
      z.object({
        id: z.string(),
        defaultValue: z.string(),
        options: z.array(z.object({ value: z.string(), label: z.string() })),
      }),
    )
    .nullable(),
  stats: z.object({ node_count: z.number(), nonpseudo_node_count: z.number(), edge_count: z.number() }),
};

const innerView = z.object(viewFields);

export const views = z.array(z.object({ ...viewFields, sub_topologies: z.array(innerView).optional() }));

export type ViewInfo = z.output<typeof innerView>;
