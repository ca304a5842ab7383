/** `/api/cluster/sandbox…`: files of tasks. */
import type { HttpServer } from '@orchestrator/runtime';
import { z } from 'zod';
import { maxReadBytes } from '../cluster/sandbox.ts';
import { sandboxListing, sandboxPlace, sandboxText } from '../schema/index.ts';
import { type ClusterServices, configuredCluster } from './cluster-routes.ts';

const right = 'cluster.sandbox';

export function sandboxRoutes(server: HttpServer, services: ClusterServices): void {
  const { requireRight } = services;
  const get = { method: 'GET', role: 'viewer', tags: ['cluster'] } as const;
  server.route({
    ...{ ...get, path: '/api/cluster/sandbox', summary: 'What a folder of a sandbox holds' },
    schemas: { query: sandboxPlace, response: sandboxListing },
    handle: ({ query, principal }) => {
      requireRight(principal, right, 'viewer');
      return configuredCluster(services).sandboxes.list(query);
    },
  });
  server.route({
    ...{ ...get, path: '/api/cluster/sandbox/text', summary: 'A part of a file in a sandbox' },
    schemas: {
      query: sandboxPlace.extend({
        offset: z.coerce.number().int().default(-maxReadBytes).describe('Below 0: from the end'),
        length: z.coerce.number().int().min(1).max(maxReadBytes).default(maxReadBytes),
      }),
      response: sandboxText,
    },
    handle: ({ query: { offset, length, ...place }, principal }) => {
      requireRight(principal, right, 'viewer');
      return configuredCluster(services).sandboxes.read(place, offset, length);
    },
  });
  server.route({
    ...{ ...get, path: '/api/cluster/sandbox/download', summary: 'A file in a sandbox, whole' },
    schemas: { query: sandboxPlace },
    handle: async ({ query, principal, reply }) => {
      requireRight(principal, right, 'viewer');
      const { name, sizeBytes, body } = await configuredCluster(services).sandboxes.download(query);
      // Whatever a task has written is never run by a browser.
      reply.header('Content-Type', 'application/octet-stream').header('X-Content-Type-Options', 'nosniff');
      reply.header('Content-Disposition', `attachment; filename="${name.replace(/[^\w.-]/g, '_')}"`);
      if (sizeBytes !== undefined) reply.header('Content-Length', sizeBytes);
      return body;
    },
  });
}
