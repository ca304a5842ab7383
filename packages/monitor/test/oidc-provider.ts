/** A small OpenID Connect provider: everybody who comes is who the test says. Checks what a real one checks. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface OidcProvider {
  readonly issuer: string;
  /** Claims of whoever logs in next. */
  claims: Record<string, unknown>;
  close(): void;
}

const bodyOf = async (request: IncomingMessage) => {
  let text = '';
  for await (const part of request) text += part;
  return new URLSearchParams(text);
};
const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

export async function startOidcProvider(clientId: string, clientSecret: string): Promise<OidcProvider> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const codes = new Map<string, { challenge: string; nonce: string; redirectUri: string }>();
  const provider = { issuer: '', claims: {} as Record<string, unknown>, close: () => server.close() };

  const idToken = (nonce: string) => {
    const nowS = Math.floor(Date.now() / 1000);
    const claims = {
      iss: provider.issuer,
      aud: clientId,
      iat: nowS,
      exp: nowS + 60,
      nonce,
      ...provider.claims,
    };
    const head = `${base64url({ alg: 'RS256', kid: 'k' })}.${base64url(claims)}`;
    return `${head}.${sign('sha256', Buffer.from(head), privateKey).toString('base64url')}`;
  };

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', provider.issuer);
    const json = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (url.pathname === '/.well-known/openid-configuration') {
      return json(200, {
        ...{ issuer: provider.issuer, jwks_uri: `${provider.issuer}/jwks` },
        authorization_endpoint: `${provider.issuer}/authorize`,
        token_endpoint: `${provider.issuer}/token`,
      });
    }
    if (url.pathname === '/jwks')
      return json(200, { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k' }] });
    if (url.pathname === '/authorize') {
      const asked = (name: string) => url.searchParams.get(name) ?? '';
      const code = `code-${codes.size}`;
      codes.set(code, {
        challenge: asked('code_challenge'),
        nonce: asked('nonce'),
        redirectUri: asked('redirect_uri'),
      });
      const back = new URL(asked('redirect_uri'));
      back.search = String(new URLSearchParams({ code, state: asked('state') }));
      return response.writeHead(302, { location: back.href }).end();
    }
    const body = await bodyOf(request);
    const code = codes.get(body.get('code') ?? '');
    codes.delete(body.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(body.get('code_verifier') ?? '')
      .digest('base64url');
    const isRight =
      body.get('client_id') === clientId &&
      body.get('client_secret') === clientSecret &&
      challenge === code?.challenge &&
      body.get('redirect_uri') === code.redirectUri;
    if (!isRight) return json(400, { error: 'invalid_grant' });
    return json(200, { access_token: 'a', token_type: 'Bearer', id_token: idToken(code.nonce) });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  provider.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return provider;
}
