/** `/api/login/…`: how one can log in, and single sign-on. */
import type { HttpServer } from '@orchestrator/runtime';
import { z } from 'zod';
import { MonitorError } from '../errors.ts';
import type { Audit } from '../keep/audit.ts';
import { type Oidc, oidcCallbackPath } from '../keep/oidc.ts';
import type { Sessions } from '../keep/sessions.ts';
import { loginMethods } from '../schema/index.ts';

const tags = ['accounts'];
/** Ties an attempt to the browser that began it. */
const cookieName = 'orchestrator_login';
const attemptS = 600;

export interface OidcServices {
  readonly oidc: { readonly client: Oidc; readonly label: string; readonly lastsMs: number } | undefined;
  readonly sessions: Sessions;
  readonly audit: Audit;
  /** Whether anybody has to log in. */
  readonly isOpen: boolean;
  /** Cookies are sent over TLS only. */
  readonly secure: boolean;
}

const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** A page of ours that leads on: browsers send the new cookie with what our own pages ask for only. */
const onwards = (path: string) =>
  `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=${escaped(path)}"><a href="${escaped(path)}">Go on</a>`;

export function oidcRoutes(server: HttpServer, services: OidcServices): void {
  const { oidc, sessions, audit, isOpen, secure } = services;
  const get = { method: 'GET', role: 'anyone', tags } as const;
  server.route({
    ...{ ...get, path: '/api/login/methods', summary: 'How one can log in here' },
    schemas: { response: loginMethods },
    handle: () => ({
      ...{ open: isOpen, password: !isOpen },
      oidc: oidc === undefined ? null : { label: oidc.label, url: '/api/login/oidc' },
    }),
  });
  if (oidc === undefined) return;
  const cookie = (value: string, maxAgeS: number) =>
    `${cookieName}=${value}; Path=/api/login; HttpOnly; SameSite=Lax; Max-Age=${maxAgeS}${secure ? '; Secure' : ''}`;
  server.route({
    ...{ ...get, path: '/api/login/oidc', summary: 'Leads to the provider of single sign-on', status: 302 },
    schemas: { query: z.object({ return: z.string().max(2_000).default('/') }) },
    handle: async ({ query, reply }) => {
      const { url, state } = await oidc.client.begin(query.return);
      reply.header('Set-Cookie', cookie(state, attemptS)).header('Location', url);
      return '';
    },
  });
  server.route({
    ...{ ...get, path: oidcCallbackPath, summary: 'Where the provider leads back to' },
    schemas: { query: z.looseObject({ state: z.string().max(500).optional() }) },
    handle: async ({ query, reply }) => {
      const { raw, url } = reply.request;
      const brought = new RegExp(`(?:^|;\\s*)${cookieName}=([^;]+)`).exec(raw.headers.cookie ?? '')?.[1];
      if (brought === undefined || brought !== query.state) {
        throw new MonitorError('unauthenticated', 'this login was begun in another browser', {
          remedy: 'log in again from this one',
        });
      }
      const nobody = { name: 'single sign-on', role: 'viewer' } as const;
      const { principal, returnTo } = await audit.record(nobody, 'login.oidc', 'single sign-on', null, () =>
        oidc.client.finish(new URL(url, 'http://localhost'), brought),
      );
      const cookies = [sessions.begin(principal, oidc.lastsMs), cookie('', 0)];
      reply.header('Set-Cookie', cookies).type('text/html; charset=utf-8');
      return onwards(returnTo);
    },
  });
}
