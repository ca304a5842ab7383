/** The monitor as a process of its own: flags, environment, first account, and its end by a signal. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger } from '@orchestrator/runtime';
import { freePorts, temporaryFolder } from '@orchestrator/testing';
import { expect, test } from 'vitest';
import { runMonitor } from '../src/index.ts';

test('help lists the flags, and wrong ones are named', async () => {
  let printed = '';
  const code = await runMonitor({ args: ['--help'], print: (text) => (printed += text) });
  expect(code).toBe(0);
  expect(printed).toMatch(/--http\.port +0 for any free one — .*default 4040/);
  expect(printed).toMatch(/--controls\.host-shell/);
  await expect(runMonitor({ args: ['--htp.port', '1'] })).rejects.toThrow('has no flag --htp.port');
  await expect(runMonitor({ args: ['--http-port', 'x'] })).rejects.toThrow('flag --http.port');
});

test('runs until SIGTERM, with an administrator whose password is in a file', async () => {
  const folder = await temporaryFolder('monitor-run');
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const running = runMonitor({
    args: ['--work-dir', folder, `--port=${port}`, '--no-history.enabled'],
    environment: { ORCHESTRATOR_MONITOR_PROBES_PORT: '0' },
    logger: silentLogger,
  });
  await expect
    .poll(
      () =>
        fetch(`${url}/healthz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      { timeout: 60_000 },
    )
    .toBe(true);
  expect((await fetch(`${url}/api/topology`)).status).toBe(401);
  const password = (await readFile(join(folder, 'initial-admin-password'), 'utf8')).trim();
  const authorization = { method: 'POST', headers: { 'content-type': 'application/json' } };
  const login = await fetch(`${url}/api/login`, {
    ...authorization,
    body: JSON.stringify({ name: 'admin', password }),
  });
  expect(await login.json()).toEqual({ name: 'admin', role: 'admin' });
  const [cookie = ''] = login.headers.getSetCookie();
  const changed = await fetch(`${url}/api/accounts/admin`, {
    method: 'PUT',
    headers: { ...authorization.headers, cookie: cookie.split(';')[0] ?? '' },
    body: JSON.stringify({ role: 'admin', password: 'another-password' }),
  });
  expect(changed.status).toBe(204);
  await expect(readFile(join(folder, 'initial-admin-password'))).rejects.toThrow('ENOENT');
  process.kill(process.pid, 'SIGTERM');
  expect(await running).toBe(0);
  await rm(folder, { recursive: true, force: true });
});
