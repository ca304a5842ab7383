/** Paths of migrations: who may do what, and which call of the service it is. */
import type { HttpServer } from '@orchestrator/runtime';
import { parseMigrationRequest } from '../config/load.ts';
import { failures } from '../phases/check.ts';
import type { MigrationCommand, MigrationService } from '../service.ts';
import * as schemas from './schemas.ts';
import { migrationView, toWire } from './wire.ts';

const base = '/api/v1/migrations';
const tags = ['migrations'];

export function migrationRoutes(server: HttpServer, service: MigrationService): void {
  // A configuration names programs that are run and files that are read: more than an operator may decide.
  server.route({
    method: 'POST',
    path: base,
    role: 'admin',
    status: 201,
    tags,
    summary: 'Create a plan; nothing is looked at or changed yet',
    schemas: { body: schemas.createBody, response: schemas.migration },
    handle: async ({ body, principal }) =>
      migrationView(await service.create(parseMigrationRequest(body), principal.name)),
  });
  server.route({
    method: 'GET',
    path: base,
    role: 'viewer',
    tags,
    summary: 'All migrations',
    schemas: { response: schemas.migrations },
    handle: async () => ({ migrations: (await service.list()).map(migrationView) }),
  });
  server.route({
    method: 'GET',
    path: `${base}/:id`,
    role: 'viewer',
    tags,
    summary: 'One migration: status, phase, step, timings',
    schemas: { params: schemas.idParams, response: schemas.migration },
    handle: async ({ params }) => migrationView(await service.get(params.id)),
  });
  server.route({
    method: 'POST',
    path: '/api/v1/preflight',
    role: 'admin',
    tags,
    summary: 'Check everything that can be known before a migration is begun; changes nothing',
    schemas: { body: schemas.createBody, response: schemas.preflightReport },
    handle: async ({ body, signal }) => {
      const results = await service.preflight(parseMigrationRequest(body), signal);
      return { ready: failures(results).length === 0, results };
    },
  });
  server.route({
    method: 'POST',
    path: '/api/v1/preview',
    role: 'admin',
    tags,
    summary: 'How the target would be deployed: commands, derived configuration, and what is not taken over',
    schemas: { body: schemas.createBody, response: schemas.preview },
    handle: async ({ body }) => toWire(await service.preview(parseMigrationRequest(body))),
  });
  commandRoutes(server, service);
}

function commandRoutes(server: HttpServer, service: MigrationService): void {
  const commands = {
    start: 'Begin phase 1',
    pause: 'Stop after the present instruction; synchronisation pauses too, nothing is lost',
    resume: 'Go on where it was paused, or try again what failed',
  } as const;
  const run = async (id: string, command: MigrationCommand, actor: string) =>
    migrationView(await service.command(id, command, actor));

  for (const [kind, summary] of Object.entries(commands) as [keyof typeof commands, string][]) {
    server.route({
      method: 'POST',
      path: `${base}/:id/${kind}`,
      role: 'operator',
      tags,
      summary,
      schemas: { params: schemas.idParams, response: schemas.migration },
      handle: ({ params, principal }) => run(params.id, { kind }, principal.name),
    });
  }
  server.route({
    method: 'POST',
    path: `${base}/:id/advance`,
    role: 'operator',
    tags,
    summary: 'Approve the next phase, or try again what failed',
    schemas: { params: schemas.idParams, body: schemas.advanceBody, response: schemas.migration },
    handle: ({ params, body, principal }) => {
      const phase = 'phase' in body ? body.phase : undefined;
      return run(params.id, { kind: 'advance', ...(phase === undefined ? {} : { phase }) }, principal.name);
    },
  });
  server.route({
    method: 'POST',
    path: `${base}/:id/rollback`,
    role: 'operator',
    tags,
    summary: 'Go back to an earlier phase',
    schemas: { params: schemas.idParams, body: schemas.rollbackBody, response: schemas.migration },
    handle: ({ params, body, principal }) =>
      run(params.id, { kind: 'rollback', toPhase: body.to_phase, force: body.force }, principal.name),
  });
  server.route({
    method: 'POST',
    path: `${base}/:id/validate`,
    role: 'operator',
    tags,
    summary: 'Evaluate the success criteria of a phase now; changes nothing',
    schemas: { params: schemas.idParams, body: schemas.validateBody, response: schemas.checks },
    handle: async ({ params, body, signal }) => {
      const results = await service.validate(params.id, body.phase, signal);
      return toWire({ phase: body.phase, valid: failures(results).length === 0, results });
    },
  });
}
