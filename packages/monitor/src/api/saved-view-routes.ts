/** `/api/saved-views`: what somebody wants to come back to, from any browser. */
import type { HttpServer } from '@orchestrator/runtime';
import { z } from 'zod';
import type { SavedViews } from '../keep/saved-views.ts';

const name = z.string().trim().min(1).max(80);
const address = z
  .string()
  .max(4_000)
  .regex(/^\/topology/, 'expected the path and query of a page of the topology');

export function savedViewRoutes(server: HttpServer, savedViews: SavedViews): void {
  const own = { role: 'viewer', tags: ['views'] } as const;
  server.route({
    ...{ ...own, method: 'GET', path: '/api/saved-views', summary: 'Views that who asks has saved' },
    schemas: { response: z.array(z.object({ name, address })) },
    handle: ({ principal }) => [...savedViews.of(principal.name)],
  });
  server.route({
    ...{ ...own, method: 'PUT', path: '/api/saved-views/:name', summary: 'Saves a view, or saves it anew' },
    schemas: { params: z.object({ name }), body: z.object({ address }) },
    handle: ({ params, body, principal }) => savedViews.save(principal.name, { ...params, ...body }),
  });
  server.route({
    ...{ ...own, method: 'DELETE', path: '/api/saved-views/:name', summary: 'Forgets a saved view' },
    schemas: { params: z.object({ name }) },
    handle: ({ params, principal }) => savedViews.forget(principal.name, params.name),
  });
}
