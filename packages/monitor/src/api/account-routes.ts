/** Logging in and out, accounts, and the audit log. */
import type { HttpServer } from '@orchestrator/runtime';
import { z } from 'zod';
import type { Accounts } from '../keep/accounts.ts';
import type { Audit } from '../keep/audit.ts';
import type { SavedViews } from '../keep/saved-views.ts';
import type { Sessions } from '../keep/sessions.ts';

const tags = ['accounts'];
const name = z.string().regex(/^[\w.@-]{1,64}$/, 'expected up to 64 letters, digits, dots, dashes or @');
const role = z.enum(['viewer', 'operator', 'admin']);
const password = z.string().max(1_000).meta({ secret: true });
const principal = z.object({ name: z.string(), role });

export interface AccountServices {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly savedViews: SavedViews;
  readonly audit: Audit;
  /** A password of this name has been set. */
  readonly onPassword: (name: string) => void;
}

export function accountRoutes(
  server: HttpServer,
  { accounts, sessions, savedViews, audit, onPassword }: AccountServices,
): void {
  server.route({
    ...{ method: 'POST', path: '/api/login', role: 'anyone', tags, summary: 'Sets the cookie of a session' },
    schemas: { body: z.object({ name, password }), response: principal },
    handle: async ({ body, reply }) => {
      const known = { name: body.name, role: 'viewer' as const };
      const login = () => sessions.login(body.name, body.password);
      const { principal: who, cookie } = await audit.record(known, 'login', body.name, null, login);
      reply.header('Set-Cookie', cookie);
      return who;
    },
  });
  server.route({
    ...{ method: 'POST', path: '/api/logout', role: 'viewer', tags, summary: 'Ends the session' },
    handle: ({ reply }) => sessions.logout(reply.request.raw),
  });
  server.route({
    ...{ method: 'GET', path: '/api/me', role: 'viewer', tags, summary: 'Who asks, and what they may do' },
    schemas: { response: principal },
    handle: ({ principal: who }) => ({ name: who.name, role: who.role }),
  });
  server.route({
    ...{ method: 'GET', path: '/api/accounts', role: 'admin', tags, summary: 'Local accounts' },
    schemas: { response: z.array(principal.extend({ changedMs: z.number() })) },
    handle: () => accounts.list(),
  });
  server.route({
    ...{
      method: 'PUT',
      path: '/api/accounts/:name',
      role: 'admin',
      tags,
      summary: 'Makes or changes an account',
    },
    schemas: { params: z.object({ name }), body: z.object({ role, password: password.optional() }) },
    handle: ({ params, body, principal: who }) =>
      audit.record(who, 'account.put', params.name, { role: body.role }, async () => {
        await accounts.put(params.name, body.role, body.password);
        sessions.end(params.name);
        if (body.password !== undefined) onPassword(params.name);
      }),
  });
  server.route({
    ...{ method: 'DELETE', path: '/api/accounts/:name', role: 'admin', tags, summary: 'Removes an account' },
    schemas: { params: z.object({ name }) },
    handle: ({ params, principal: who }) =>
      audit.record(who, 'account.delete', params.name, null, () => {
        accounts.remove(params.name);
        savedViews.forgetAll(params.name);
        sessions.end(params.name);
      }),
  });
  server.route({
    ...{ method: 'GET', path: '/api/audit', role: 'operator', tags, summary: 'Who did what, newest first' },
    schemas: {
      query: z.object({
        before: z.coerce.number().int().optional().describe('Only entries with a lesser id'),
        limit: z.coerce.number().int().min(1).max(1_000).default(100),
        target: z.string().max(2_000).optional(),
      }),
      response: z.object({ entries: z.array(z.looseObject({ id: z.number() })) }),
    },
    handle: ({ query: { before, limit, target } }) => ({
      entries: audit.list({
        limit,
        ...(before === undefined ? {} : { before }),
        ...(target === undefined ? {} : { target }),
      }),
    }),
  });
}
