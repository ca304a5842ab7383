/** Paths that tell how a migration is doing: health, events, audit, conflicts, verification, report. */
import type { HttpServer } from '@orchestrator/runtime';
import { reportToHtml } from '../report/html.ts';
import { reportToMarkdown } from '../report/markdown.ts';
import type { MigrationService } from '../service.ts';
import * as schemas from './schemas.ts';
import { toWire } from './wire.ts';

const base = '/api/v1/migrations/:id';
const tags = ['insight'];

export function insightRoutes(server: HttpServer, service: MigrationService): void {
  server.route({
    method: 'GET',
    path: `${base}/health`,
    role: 'viewer',
    tags,
    summary: 'Quorums, clients, lag and alerts as seen last, and what the gates found',
    schemas: { params: schemas.idParams, response: schemas.health },
    handle: async ({ params }) => toWire(await service.health(params.id)),
  });
  server.route({
    method: 'GET',
    path: `${base}/history`,
    role: 'viewer',
    tags,
    summary: 'Lag and throughput since the beginning',
    schemas: { params: schemas.idParams, response: schemas.history },
    handle: async ({ params }) => ({ samples: toWire(await service.history(params.id)) }),
  });
  // Whatever happens is audited, so the log is the history of events; /audit/verify proves it.
  for (const name of ['events', 'audit']) {
    server.route({
      method: 'GET',
      path: `${base}/${name}`,
      role: 'viewer',
      tags,
      summary: 'Actions, steps and alerts, oldest first',
      schemas: { params: schemas.idParams, query: schemas.pageQuery, response: schemas.auditPage },
      handle: async ({ params, query }) => service.audit(params.id, query),
    });
  }
  server.route({
    method: 'GET',
    path: `${base}/audit/verify`,
    role: 'viewer',
    tags,
    summary: 'Whether the audit log is exactly what was written',
    schemas: { params: schemas.idParams, response: schemas.auditVerdict },
    handle: ({ params }) => service.verifyAudit(params.id),
  });
  server.route({
    method: 'GET',
    path: `${base}/report`,
    role: 'viewer',
    tags,
    summary: 'The report, as JSON, Markdown or one HTML page',
    schemas: { params: schemas.idParams, query: schemas.reportQuery, response: schemas.anyObject },
    handle: async ({ params, query, reply }) => {
      const report = await service.report(params.id);
      if (query.format === 'json') return toWire(report);
      const html = query.format === 'html';
      reply.header('Content-Type', html ? 'text/html; charset=utf-8' : 'text/markdown; charset=utf-8');
      // It holds names of nodes, which anybody with write access chose.
      reply.header('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'");
      return html ? reportToHtml(report) : reportToMarkdown(report);
    },
  });
  server.route({
    method: 'POST',
    path: `${base}/verify`,
    role: 'operator',
    tags,
    summary: 'Compare both sides now, and mend what differs if asked to',
    schemas: { params: schemas.idParams, body: schemas.verifyBody, response: schemas.verifyReport },
    handle: async ({ params, body, principal, signal }) =>
      toWire(await service.verify(params.id, principal.name, { ...body, signal })),
  });
  server.route({
    method: 'GET',
    path: '/api/v1/sync/status',
    role: 'viewer',
    tags,
    summary: 'State of synchronisation of every migration',
    schemas: { response: schemas.syncStatuses },
    handle: async () => {
      const records = await service.list();
      const rows = records.map(async ({ id, name, state }) => {
        const { live } = await service.health(id);
        return { id, name, status: state.status, sync: live?.sync ?? null };
      });
      return toWire({ migrations: await Promise.all(rows) });
    },
  });
  conflictRoutes(server, service);
}

function conflictRoutes(server: HttpServer, service: MigrationService): void {
  server.route({
    method: 'GET',
    path: `${base}/conflicts`,
    role: 'viewer',
    tags,
    summary: 'Nodes that were changed on both sides at once',
    schemas: { params: schemas.idParams, query: schemas.conflictsQuery, response: schemas.conflicts },
    handle: async ({ params, query }) => {
      const filter = query.held === undefined ? {} : { held: query.held === 'true' };
      return toWire({ conflicts: await service.conflicts.list(params.id, filter) });
    },
  });
  server.route({
    method: 'GET',
    path: `${base}/conflicts/:conflict`,
    role: 'viewer',
    tags,
    summary: 'One conflict with both values',
    schemas: { params: schemas.conflictParams, response: schemas.conflict },
    handle: async ({ params }) => toWire(await service.conflicts.show(params.id, params.conflict)),
  });
  server.route({
    method: 'POST',
    path: `${base}/conflicts/:conflict/resolve`,
    role: 'operator',
    tags,
    summary: 'Decide a conflict that is held',
    schemas: { params: schemas.conflictParams, body: schemas.resolveBody, response: schemas.conflict },
    handle: async ({ params, body, principal }) =>
      toWire(await service.conflicts.resolve(params.id, params.conflict, body.winner, principal.name)),
  });
}
