/** Logging in at an OpenID Connect provider: authorization code with PKCE. Nothing of its tokens is kept. */
import type { Principal, Role } from '@orchestrator/runtime';
import type { Clock } from '@orchestrator/runtime/clock';
import * as oauth from 'oauth4webapi';
import { MonitorError } from '../errors.ts';

export interface OidcOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret?: string;
  /** Base URL of this server as browsers see it. */
  readonly externalUrl: string;
  readonly scopes: readonly string[];
  readonly nameClaim: string;
  readonly rolesClaim: string;
  readonly roles: Readonly<Record<string, Role>>;
  readonly otherwise: 'viewer' | 'nobody';
  readonly clock: Clock;
}

export interface Oidc {
  /** Where the browser is sent, and what it has to bring back. @throws MonitorError `unavailable`, `limit` */
  begin(returnTo: string): Promise<{ readonly url: string; readonly state: string }>;
  /**
   * What the provider has sent the browser back with. `state`: what the browser was given.
   *
   * @throws MonitorError `unauthenticated`, `forbidden`, `unavailable`
   */
  finish(callback: URL, state: string): Promise<{ readonly principal: Principal; readonly returnTo: string }>;
}

export const oidcCallbackPath = '/api/login/oidc/callback';

interface Attempt {
  readonly verifier: string;
  readonly nonce: string;
  readonly returnTo: string;
  readonly atMs: number;
}

/** For a person to log in over there. */
const attemptMs = 10 * 60_000;
const maxAttempts = 1_000;
const discoveryMs = 3_600_000;
const ranks: readonly Role[] = ['viewer', 'operator', 'admin'];
const loopback = /^(localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/;

function roleOf(claim: unknown, { roles, otherwise }: OidcOptions): Role | undefined {
  const groups = (Array.isArray(claim) ? claim : [claim]).filter((group) => typeof group === 'string');
  const found = groups.map((group) => roles[group]).filter((role) => role !== undefined);
  const highest = ranks.findLast((role) => found.includes(role));
  return highest ?? (otherwise === 'viewer' ? 'viewer' : undefined);
}

/** Only paths of this server. */
const localPath = (path: string) => (/^\/(?![/\\])/.test(path) ? path : '/');

function toMonitorError(error: unknown): MonitorError {
  if (error instanceof MonitorError) return error;
  const refused =
    error instanceof oauth.AuthorizationResponseError || error instanceof oauth.ResponseBodyError;
  const message = error instanceof Error ? error.message : String(error);
  return refused || error instanceof oauth.OperationProcessingError
    ? new MonitorError('unauthenticated', `the login was not accepted: ${message}`, { cause: error })
    : new MonitorError('unavailable', `the login provider cannot be asked: ${message}`, {
        cause: error,
        remedy: 'check auth.oidc.issuer, and that this server reaches it',
      });
}

export function createOidc(options: OidcOptions): Oidc {
  const { issuer, clientId, clientSecret, scopes, nameClaim, rolesClaim, clock } = options;
  const issuerUrl = new URL(issuer);
  if (issuerUrl.protocol === 'http:' && !loopback.test(issuerUrl.hostname)) {
    throw new MonitorError('config', `the issuer ${issuer} has no TLS`, { remedy: 'use https' });
  }
  const insecure = { [oauth.allowInsecureRequests]: issuerUrl.protocol === 'http:' };
  const client: oauth.Client = { client_id: clientId };
  const authentication = clientSecret === undefined ? oauth.None() : oauth.ClientSecretPost(clientSecret);
  const redirectUri = new URL(oidcCallbackPath, options.externalUrl).href;
  const attempts = new Map<string, Attempt>();
  let known: { readonly server: oauth.AuthorizationServer; readonly atMs: number } | undefined;

  const discover = async (): Promise<oauth.AuthorizationServer> => {
    if (known !== undefined && clock.monotonicMs() - known.atMs < discoveryMs) return known.server;
    const answer = await oauth.discoveryRequest(issuerUrl, insecure);
    known = { server: await oauth.processDiscoveryResponse(issuerUrl, answer), atMs: clock.monotonicMs() };
    return known.server;
  };

  const principalOf = (claims: oauth.IDToken): Principal => {
    const given = claims[nameClaim];
    const name = typeof given === 'string' && given !== '' ? given : claims.sub;
    const role = roleOf(claims[rolesClaim], options);
    if (role !== undefined) return { name: `${name.slice(0, 200)} (sso)`, role };
    throw new MonitorError('forbidden', `${name} is in no group that may come in`, {
      remedy: `an administrator can map one in auth.oidc.roles, or set auth.oidc.otherwise to viewer`,
    });
  };

  const sweep = () => {
    for (const [state, { atMs }] of attempts) {
      if (clock.monotonicMs() - atMs > attemptMs) attempts.delete(state);
    }
  };

  return {
    async begin(returnTo) {
      sweep();
      if (attempts.size >= maxAttempts) {
        throw new MonitorError('limit', `${attempts.size} people are logging in already`);
      }
      const server = await discover().catch((error: unknown) => {
        throw toMonitorError(error);
      });
      const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
      const verifier = oauth.generateRandomCodeVerifier();
      const url = new URL(server.authorization_endpoint ?? issuer);
      const parameters = {
        ...{ client_id: clientId, redirect_uri: redirectUri, response_type: 'code', state, nonce },
        ...{ scope: scopes.join(' '), code_challenge_method: 'S256' },
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      };
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
      attempts.set(state, { verifier, nonce, returnTo: localPath(returnTo), atMs: clock.monotonicMs() });
      return { url: url.href, state };
    },
    async finish(callback, state) {
      sweep();
      const attempt = attempts.get(state);
      // Each attempt counts once, whatever comes of it.
      attempts.delete(state);
      if (attempt === undefined) {
        throw new MonitorError('unauthenticated', 'this login was not begun here, or too long ago', {
          remedy: 'log in again',
        });
      }
      try {
        const server = await discover();
        const parameters = oauth.validateAuthResponse(server, client, callback, state);
        const { verifier, nonce } = attempt;
        const answer = await oauth.authorizationCodeGrantRequest(
          ...([server, client, authentication, parameters, redirectUri, verifier, insecure] as const),
        );
        const tokens = await oauth.processAuthorizationCodeResponse(server, client, answer, {
          expectedNonce: nonce,
          requireIdToken: true,
        });
        const claims = oauth.getValidatedIdTokenClaims(tokens);
        if (claims === undefined) throw new MonitorError('unauthenticated', 'the provider gave no ID token');
        return { principal: principalOf(claims), returnTo: attempt.returnTo };
      } catch (error) {
        throw toMonitorError(error);
      }
    },
  };
}
