/** Alerts of a real migration arrive where people are told of them: over HTTP and through programs. */
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { openStore, type Store } from '@orchestrator/store';
import { type Ensemble, startEnsemble, temporaryFolder, waitFor } from '@orchestrator/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrationView } from '../src/api/wire.ts';
import { createMigrationService, type MigrationService, parseMigrationRequest } from '../src/index.ts';

interface Received {
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let folder: string;
let source: Ensemble;
let target: Ensemble;
let store: Store;
let service: MigrationService;
let web: Server;
let received: Received[];

beforeEach(async () => {
  folder = await temporaryFolder('alerts');
  received = [];
  web = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url, headers } = request;
      received.push({ url, headers, body: Buffer.concat(chunks).toString('utf8') });
      // Busy the first time.
      response.writeHead(received.length === 1 ? 503 : 202).end('{}');
    });
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  const options = { servers: 1, config: { standaloneEnabled: 'false' } };
  [source, target] = await Promise.all([startEnsemble(options), startEnsemble(options)]);
  store = await openStore(`sqlite:${join(folder, 'store.db')}`);
  service = createMigrationService({ store, workFolder: join(folder, 'work'), instance: 'one' });
  await service.start();
});

afterEach(async () => {
  await service.stop();
  await store.close();
  await Promise.all([source.close(), target.close()]);
  web.close();
  await rm(folder, { recursive: true, force: true });
});

/** A program that keeps what it reads. */
async function keeper(name: string): Promise<{ program: string; kept: string }> {
  const program = join(folder, name);
  const kept = join(folder, `${name}.kept`);
  await writeFile(program, `#!/bin/sh\necho "$@" >> ${kept}\ncat >> ${kept}\n`);
  await chmod(program, 0o755);
  return { program, kept };
}

const contains = (file: string, text: string) =>
  waitFor(async () => ((await readFile(file, 'utf8').catch(() => '')).includes(text) ? true : undefined), {
    what: `${text} in ${file}`,
    timeoutMs: 30_000,
    intervalMs: 50,
  });

test('a server that is lost is told on every channel, and no secret is told', async () => {
  const { port } = web.address() as AddressInfo;
  const at = (path: string) => `http://127.0.0.1:${port}${path}`;
  const pager = await keeper('pager');
  const sendmail = await keeper('sendmail');
  const key = join(folder, 'key');
  await writeFile(key, 'routing-secret\n');
  const config = parseMigrationRequest({
    config: {
      name: 'told',
      source: { zookeeper: source.connectString },
      target: { zookeeper: target.connectString },
      orchestration: { health_check_interval_sec: 0.2 },
      alerts: {
        slack_webhook: at('/slack-secret'),
        webhook: { url: at('/hook-secret'), authorization: { file: key } },
        pagerduty: { routing_key: { file: key }, url: at('/pagerduty') },
        command: [pager.program, '--page'],
        email: ['ops@example.com', 'zk@example.com'],
        sendmail: [sendmail.program, '-t'],
      },
    },
  });
  const checks = await service.preflight(config);
  expect(checks.find(({ check }) => check === 'alert channels')).toMatchObject({
    status: 'ok',
    found: 'slack_webhook, webhook, pagerduty, command, email; nothing was sent',
  });
  expect(received).toEqual([]);

  const { id } = await service.create(config, 'tester');
  await service.command(id, { kind: 'start' }, 'tester');
  await waitFor(async () => ((await service.health(id)).live?.source?.healthy ? true : undefined), {
    what: 'a look at the source',
    timeoutMs: 60_000,
  });
  await source.servers[0]?.kill();

  await contains(pager.kept, '"kind":"quorum-loss"');
  await contains(sendmail.kept, 'To: ops@example.com, zk@example.com');
  const bodyAt = (path: string) =>
    waitFor(() => received.findLast(({ url, body }) => url === path && body.includes('servers serve')), {
      what: `a request to ${path}`,
      timeoutMs: 30_000,
    });
  expect(JSON.parse((await bodyAt('/slack-secret')).body).text).toMatch(
    /^\[critical\] zk-migrate told: source/,
  );
  const hook = await bodyAt('/hook-secret');
  expect(hook.headers.authorization).toBe('routing-secret');
  expect(JSON.parse(hook.body)).toMatchObject({ migration: id, kind: 'quorum-loss', state: 'raised' });
  expect(JSON.parse((await bodyAt('/pagerduty')).body)).toMatchObject({
    routing_key: 'routing-secret',
    event_action: 'trigger',
    dedup_key: `zk-migrate/${id}/quorum-loss/source`,
    payload: { severity: 'critical', class: 'quorum-loss' },
  });
  const page = await readFile(pager.kept, 'utf8');
  expect(page).toMatch(/^--page\n\{"version":1/);
  expect(JSON.stringify(migrationView(await service.get(id)))).not.toMatch(/-secret/);
  expect(JSON.stringify(await service.audit(id))).not.toMatch(/-secret/);
});

test('preflight names a channel that could not tell anything', async () => {
  const config = parseMigrationRequest({
    config: {
      name: 'told',
      source: { zookeeper: source.connectString },
      target: { zookeeper: target.connectString },
      alerts: { command: ['/nowhere/pager'], pagerduty: { routing_key: { env: 'NO_SUCH_KEY' } } },
    },
  });
  const found = (await service.preflight(config)).filter(({ check }) => check === 'alert channels');
  expect(found.map(({ status, found: text }) => `${status} ${text}`)).toEqual([
    'warn pagerduty: the environment variable NO_SUCH_KEY is not set',
    'warn command: /nowhere/pager is not there, or may not be run',
  ]);
});
