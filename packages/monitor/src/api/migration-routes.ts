/** `/api/migrations…`: what coordinators of zk-migrate answer, for those who may, without their tokens. */
import type { HttpServer, Principal, Role } from '@orchestrator/runtime';
import { OrchestratorError } from '@orchestrator/runtime';
import { z } from 'zod';
import type { RequireRight } from '../control/rights.ts';
import type { Audit } from '../keep/audit.ts';
import type { Migrations } from '../migrations/migrations.ts';
import {
  migrationAuditPage,
  migrationConflict,
  migrationConflicts,
  migrationHealth,
  migrationHistory,
  migrationList,
  migration as migrationSchema,
  syncStatusList,
} from '../schema/index.ts';

const tags = ['migrations'];
const name = z.string().regex(/^[\w.-]{1,100}$/);
const params = z.object({ coordinator: name, id: name });
const conflictParams = params.extend({ conflict: z.string().min(1).max(500) });
const base = '/api/migrations/:coordinator/:id';
/** Comparing whole trees takes its time. */
const longTimeoutMs = 300_000;
const tryAgainLater = 1013;

export interface MigrationServices {
  readonly migrations: Migrations;
  readonly audit: Audit;
  readonly requireRight: RequireRight;
}

type Params = z.output<typeof params>;

const pathOf = ({ id }: Params, rest = '') => `/migrations/${encodeURIComponent(id)}${rest}`;
const queryText = (query: Readonly<Record<string, unknown>>): string => {
  const given = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) given.set(key, String(value));
  return given.size === 0 ? '' : `?${given}`;
};
const withName = ({ coordinator }: Params, answer: unknown) => ({ coordinator, ...Object(answer) });

export function migrationRoutes(server: HttpServer, services: MigrationServices): void {
  const { migrations } = services;
  const get = { method: 'GET', role: 'viewer', tags } as const;
  server.route({
    ...{ ...get, path: '/api/migrations', summary: 'Migrations of all configured coordinators' },
    schemas: { response: migrationList },
    handle: () => migrations.all('/migrations'),
  });
  server.route({
    ...{ ...get, path: '/api/migrations/sync', summary: 'How far each side is behind the other' },
    schemas: { response: syncStatusList },
    handle: () => migrations.all('/sync/status'),
  });
  server.webSocket({
    path: '/api/migrations/ws',
    role: 'viewer',
    handle: (socket) => {
      try {
        socket.on('close', migrations.events.follow(socket));
      } catch (error) {
        if (!(error instanceof OrchestratorError)) throw error;
        socket.close(tryAgainLater, error.message.slice(0, 120));
      }
    },
  });
  server.route({
    ...{ ...get, path: base, summary: 'One migration' },
    schemas: { params, response: migrationSchema },
    handle: async ({ params: at }) =>
      withName(at, await migrations.ask(at.coordinator, { method: 'GET', path: pathOf(at) })),
  });
  readRoutes(server, services);
  actionRoutes(server, services);
}

function readRoutes(server: HttpServer, { migrations }: MigrationServices): void {
  const get = { method: 'GET', role: 'viewer', tags } as const;
  const page = z.object({
    after: z.coerce.number().int().min(0).default(0),
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
  });
  const reads = [
    {
      rest: '/health',
      summary: 'Quorums, lag, clients, alerts, gates',
      query: z.object({}),
      response: migrationHealth,
    },
    {
      rest: '/history',
      summary: 'Lag and throughput since the beginning',
      query: z.object({}),
      response: migrationHistory,
    },
    { rest: '/audit', summary: 'Its audit log', query: page, response: migrationAuditPage },
    {
      rest: '/audit/verify',
      summary: 'Whether its audit log is intact',
      query: z.object({}),
      response: z.any(),
    },
    {
      rest: '/conflicts',
      summary: 'Nodes that were changed on both sides at once',
      query: z.object({ held: z.enum(['true', 'false']).optional() }),
      response: migrationConflicts,
    },
  ] as const;
  for (const { rest, summary, query: querySchema, response } of reads) {
    server.route({
      ...{ ...get, path: `${base}${rest}`, summary },
      schemas: { params, query: querySchema, response },
      handle: ({ params: at, query }) =>
        migrations.ask(at.coordinator, { method: 'GET', path: pathOf(at, `${rest}${queryText(query)}`) }),
    });
  }
  server.route({
    ...{ ...get, path: `${base}/conflicts/:conflict`, summary: 'One conflict with both values' },
    schemas: { params: conflictParams, response: migrationConflict },
    handle: ({ params: at }) =>
      migrations.ask(at.coordinator, {
        ...{ method: 'GET', path: pathOf(at, `/conflicts/${encodeURIComponent(at.conflict)}`) },
      }),
  });
  server.route({
    ...{ ...get, path: `${base}/report`, summary: 'The report' },
    schemas: { params, query: z.object({ format: z.enum(['json', 'markdown', 'html']).default('json') }) },
    handle: async ({ params: at, query, reply }) => {
      const rest = `/report${queryText(query)}`;
      const report = await migrations.ask(at.coordinator, { method: 'GET', path: pathOf(at, rest) });
      const types = { json: 'application/json', markdown: 'text/markdown', html: 'text/html' };
      // A page that is shown as ours must not be able to act as ours.
      reply.header('Content-Security-Policy', "sandbox; default-src 'none'; style-src 'unsafe-inline'");
      reply.type(`${types[query.format]}; charset=utf-8`);
      return report;
    },
  });
}

interface Action {
  readonly rest: string;
  readonly role: Role;
  readonly summary: string;
  readonly body: z.ZodType;
  readonly isLong?: boolean;
}

/** A missing body is an empty one. */
const optional = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z
    .object(shape)
    .nullish()
    .transform((body) => body ?? {});

const actions: readonly Action[] = [
  { rest: 'start', role: 'operator', summary: 'Begins phase 1', body: optional({}) },
  { rest: 'pause', role: 'operator', summary: 'Stops after the present instruction', body: optional({}) },
  { rest: 'resume', role: 'operator', summary: 'Goes on, or tries again what failed', body: optional({}) },
  {
    ...{ rest: 'advance', role: 'operator', summary: 'Approves the next phase' },
    body: optional({ phase: z.number().int().optional() }),
  },
  {
    ...{
      rest: 'validate',
      role: 'operator',
      summary: 'Evaluates the success criteria of a phase',
      isLong: true,
    },
    body: optional({ phase: z.union([z.literal('current'), z.number().int()]).optional() }),
  },
  {
    ...{
      rest: 'verify',
      role: 'operator',
      summary: 'Compares both sides, and mends them if asked to',
      isLong: true,
    },
    body: optional({ repair: z.boolean().optional() }),
  },
  {
    ...{ rest: 'rollback', role: 'admin', summary: 'Goes back to an earlier phase' },
    body: z.object({ to_phase: z.number().int().min(0), force: z.boolean().optional() }),
  },
];

const isRepair = (body: unknown) => Reflect.get(Object(body), 'repair') === true;

function actionRoutes(server: HttpServer, { migrations, audit, requireRight }: MigrationServices): void {
  // Which role an action needs is decided by its name; every refusal is recorded too.
  const post = { method: 'POST', role: 'viewer', tags } as const;
  const run = (
    principal: Principal,
    at: Params,
    action: string,
    role: Role,
    rest: string,
    body: unknown,
    isLong = false,
  ) =>
    audit.record(principal, action, `${at.coordinator}/${at.id}`, body, () => {
      requireRight(principal, action, role);
      const timeoutMs = isLong ? { timeoutMs: longTimeoutMs } : {};
      return migrations.ask(at.coordinator, { method: 'POST', path: pathOf(at, rest), body, ...timeoutMs });
    });
  for (const { rest, role, summary, body: bodySchema, isLong } of actions) {
    server.route({
      ...{ ...post, path: `${base}/${rest}`, summary },
      schemas: { params, body: bodySchema },
      handle: async ({ params: at, body, principal }) => {
        const action = isRepair(body) ? 'migration.repair' : `migration.${rest}`;
        const needed = isRepair(body) ? 'admin' : role;
        const answer = await run(principal, at, action, needed, `/${rest}`, body, isLong);
        return withName(at, answer);
      },
    });
  }
  server.route({
    ...{ ...post, path: `${base}/conflicts/:conflict/resolve`, summary: 'Decides a conflict that is held' },
    schemas: { params: conflictParams, body: z.object({ winner: z.enum(['source', 'target']) }) },
    handle: ({ params: at, body, principal }) => {
      const rest = `/conflicts/${encodeURIComponent(at.conflict)}/resolve`;
      return run(principal, at, 'migration.resolve', 'operator', rest, body);
    },
  });
}
