import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts, startProcess, temporaryFolder, testCertificates, waitFor } from '@orchestrator/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { latestOf, startAppServer } from './app-server.ts';

const timeoutMs = 60_000;
const program = fileURLToPath(new URL('probe-program.ts', import.meta.url));
const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

/** Without sources that look at all of this machine. */
const quiet = ['--no-docker', '--no-connection', '--no-process', '--host-id=h', '--host-name=web-1'];

async function startDaemon(args: readonly string[], env: Record<string, string> = {}) {
  const folder = await temporaryFolder('probe-daemon');
  const logFile = join(folder, 'log');
  const probe = await startProcess({
    command: process.execPath,
    args: [program, ...args],
    logFile,
    env: { ...process.env, ...env },
  });
  undo.push(async () => {
    probe.signal('SIGKILL');
    await probe.exit;
  });
  const log = () => readFile(logFile, 'utf8');
  const says = (text: string) =>
    waitFor(async () => (await log()).includes(text), {
      what: `"${text}" in the log`,
      timeoutMs,
      intervalMs: 50,
    });
  return { ...probe, folder, log, says, ended: () => probe.ended };
}

async function app(options: Parameters<typeof startAppServer>[0] = {}) {
  const server = await startAppServer(options);
  undo.push(() => server.close());
  const seesHost = () =>
    waitFor(() => latestOf(server.node('host', 'h;<host>'), 'host_name') === 'web-1', {
      what: 'the host at the app',
      timeoutMs,
      intervalMs: 20,
    });
  return { ...server, seesHost };
}

describe('the daemon', () => {
  it('reports, offers its metrics, and ends in order', async () => {
    const server = await app();
    const [port] = await freePorts(1);
    const probe = await startDaemon([...quiet, server.address, `--metrics-port=${port}`]);
    await server.seesHost();
    expect([...server.probeIds]).toEqual(['h']);
    await probe.says('an app takes reports');
    const page = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    const metrics = await page('/metrics');
    expect(metrics).toMatch(/^scope_probe_cpu_percent \d+(\.\d+)?$/m);
    expect(metrics).toContain(`scope_probe_app_connected{app="${server.address}"} 1`);
    expect(metrics).toContain('scope_probe_nodes{topology="host"} 1');
    expect(JSON.parse(await page('/health'))).toEqual({
      status: 'ok',
      apps: [{ app: server.address, connected: true }],
    });
    const [, first] = (await probe.log()).match(/"pid":(\d+)/) ?? [];
    expect(Number(first)).toBe(probe.pid);
    probe.signal('SIGTERM');
    await probe.exit;
    expect(probe.ended()).toBe('exit code 0');
  });

  it('takes file, environment and flags, and tokens that change', async () => {
    const { caFile, server: identity } = await testCertificates();
    const [ca = '', key = '', cert = ''] = await Promise.all(
      [caFile, identity.keyFile, identity.certificateFile].map((file) => readFile(file, 'utf8')),
    );
    const server = await app({ token: 'right', tls: { ca, key, cert } });
    const folder = await temporaryFolder('probe-config');
    const [config, token] = [join(folder, 'probe.yaml'), join(folder, 'token')];
    await writeFile(token, 'wrong\n');
    await writeFile(
      config,
      `apps:\n  - grpc: localhost:${server.port}\n    tls: { ca: ${caFile} }\nlog: { level: debug }\nhost: { name: no }\n`,
    );
    const probe = await startDaemon([...quiet, '--config', config, '--metrics-port=0'], {
      ORCHESTRATOR_PROBE_TOKEN_FILE: token,
      ORCHESTRATOR_PROBE_HOST_ID: 'not this one',
    });
    await probe.says('wrong token');
    await writeFile(token, 'right\n');
    await server.seesHost();
    expect([...server.probeIds]).toEqual(['h']);
    expect(await probe.log()).not.toContain('right');
  });

  it('says what is wrong with its configuration, with key, value and remedy', async () => {
    const probe = await startDaemon(['--metrics-port=loud', '--sources.docker.sockt=/x']);
    await probe.exit;
    expect(probe.ended()).toBe('exit code 2');
    const log = await probe.log();
    expect(log).toContain('flag --metrics.port: metrics.port: "loud": expected integer 0..65535');
    expect(log).toContain('sources.docker.sockt: unknown key; did you mean "socket"?');
  });

  it('needs the file of its token', async () => {
    const probe = await startDaemon([...quiet, '--token-file=/does/not/exist', '--metrics-port=0']);
    await probe.exit;
    expect(probe.ended()).toBe('exit code 2');
    expect(await probe.log()).toContain('the secret in /does/not/exist');
  });
});
