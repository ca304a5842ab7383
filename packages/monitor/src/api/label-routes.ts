/** `POST /api/labels`: labels on many nodes at once, kept here. */
import type { HttpServer } from '@orchestrator/runtime';
import { z } from 'zod';
import type { Collector, ProbeIdentity } from '../collect/collector.ts';
import { MonitorError } from '../errors.ts';
import type { Labels } from '../keep/labels.ts';
import type { Services } from './services.ts';

/** The labels are a report like any other, of a sender that nothing can be asked of. */
const sender: ProbeIdentity = { id: 'labels', hostName: '', version: '', isInternal: true };

export function publishLabels(collector: Collector, labels: Labels): void {
  collector.add({ probeId: sender.id, full: true, report: labels.report() });
}

/** Makes the labels that are kept part of the report. */
export function startLabels(collector: Collector, labels: Labels): void {
  collector.connect(sender);
  publishLabels(collector, labels);
}

function topologyOfNode(collector: Collector, id: string): string {
  for (const [topology, { nodes }] of collector.report().topologies) if (nodes.has(id)) return topology;
  throw new MonitorError('not-found', `there is no node "${id}"`, {
    remedy: 'it may be gone; reload the view',
  });
}

const label = z
  .string()
  .regex(/^[\w.\-/]{1,100}$/, 'expected up to 100 letters, digits, dots, dashes or slashes');

export function labelRoutes(server: HttpServer, { collector, audit }: Services, labels: Labels): void {
  server.route({
    ...{ method: 'POST', path: '/api/labels', role: 'operator', tags: ['labels'] },
    summary: 'Gives labels to nodes, or takes them away; they are kept here, and nowhere else',
    schemas: {
      body: z.object({
        nodes: z.array(z.string().min(1).max(2_000)).min(1).max(1_000),
        set: z.record(label, z.string().min(1).max(1_000)).default({}),
        remove: z.array(label).max(100).default([]),
      }),
    },
    handle: ({ body: { nodes, set, remove }, principal }) =>
      audit.record(principal, 'labels', nodes.join(' ').slice(0, 500), { set, remove }, () => {
        const found = nodes.map((id) => ({ id, topology: topologyOfNode(collector, id) }));
        labels.change({ nodes: found, set, remove });
        publishLabels(collector, labels);
      }),
  });
}
