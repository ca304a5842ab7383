import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHttpServer, silentLogger } from '@orchestrator/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { consoleRoutes } from './console-files.ts';

describe("the console's files", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'console-'));
    mkdirSync(join(folder, 'assets'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function served() {
    const server = await createHttpServer({
      logger: silentLogger,
      auth: { tokens: [{ name: 'ci', role: 'viewer', token: 'a'.repeat(32) }] },
    });
    consoleRoutes(server, folder);
    return server.fastify;
  }

  function build() {
    writeFileSync(join(folder, 'index.html'), '<!doctype html><title>here</title>');
    writeFileSync(join(folder, 'assets/main-1a2b.js'), 'export const here = 1;');
    writeFileSync(join(folder, '.sources'), 'secret');
  }
  const html = { accept: 'text/html,*/*' };

  it('are there without credentials, under a policy that lets no foreign script run', async () => {
    build();
    const fastify = await served();
    const answer = await fastify.inject({ url: '/topology/containers?q=a', headers: html });
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain('<title>here</title>');
    expect(answer.headers['content-security-policy']).toMatch(/default-src 'none'; script-src 'self';/);
    expect(answer.headers['cache-control']).toBe('no-cache');
    const again = await fastify.inject({
      url: '/',
      headers: { ...html, 'if-none-match': String(answer.headers.etag) },
    });
    expect(again.statusCode).toBe(304);
  });

  it('with a hash in the name are kept by browsers for ever, and sent compressed', async () => {
    build();
    const fastify = await served();
    const answer = await fastify.inject({
      url: '/assets/main-1a2b.js',
      headers: { 'accept-encoding': 'gzip, br' },
    });
    expect(answer.headers['cache-control']).toContain('immutable');
    expect(answer.headers['content-encoding']).toBe('br');
  });

  it('nothing else is served: no file beside them, and no page in the place of an answer', async () => {
    build();
    const fastify = await served();
    for (const url of [
      '/.sources',
      '/../package.json',
      '/%2e%2e/package.json',
      '/assets/gone.js',
      '/api/gone',
    ]) {
      const answer = await fastify.inject({ url });
      expect([url, answer.statusCode]).toEqual([url, 404]);
    }
    expect((await fastify.inject({ url: '/api/gone', headers: html })).statusCode).toBe(404);
  });

  it('that are not built say how to build them', async () => {
    const answer = await (await served()).inject({ url: '/', headers: html });
    expect(answer.statusCode).toBe(503);
    expect(answer.body).toContain('npm run setup');
  });
});
