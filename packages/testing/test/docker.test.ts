import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  busyboxImage,
  type DockerEngine,
  runCommand,
  startDocker,
  startFakeRegistry,
  waitFor,
} from '../src/index.ts';

let engine: DockerEngine;
let image: string;

beforeAll(async () => {
  engine = await startDocker();
  image = await busyboxImage(engine);
});
afterAll(() => engine?.close());

const docker = (...args: string[]) => runCommand('docker', ['--host', engine.dockerHost, ...args]);

test('runs containers of its image, on its bridge', async () => {
  const { stdout } = await docker('run', '--rm', image, 'sh', '-c', 'id -u; ip -4 address show eth0');
  expect(stdout).toMatch(/^0\n/);
  expect(stdout).toContain(engine.bridgeAddress.replace(/1$/, ''));
});

test('pulls from a registry only with its credentials', async () => {
  await using registry = await startFakeRegistry({ auth: 'basic' });
  const pull = (auth: object) => {
    const header = Buffer.from(JSON.stringify(auth)).toString('base64');
    const url = `http://docker/images/create?fromImage=${encodeURIComponent(registry.image)}&tag=1`;
    const args = [
      '-s',
      '--unix-socket',
      engine.socketPath,
      '-H',
      `X-Registry-Auth: ${header}`,
      '-X',
      'POST',
      url,
    ];
    return runCommand('curl', args);
  };
  expect((await pull({})).stdout).toContain('no basic auth credentials');
  expect((await pull(registry.credentials)).stdout).toContain('Downloaded newer image');
  expect(registry.manifestRequests).toHaveLength(1);
  expect(registry.refused).toBeGreaterThan(0);
});

test('leaves nothing, not even of a paused container: processes, mounts, bridges, cgroups', async () => {
  const own = await startDocker();
  const name = await busyboxImage(own);
  const run = (...args: string[]) => runCommand('docker', ['--host', own.dockerHost, ...args]);
  await run('network', 'create', 'tasks');
  const { stdout: id } = await run('run', '-d', '--network', 'tasks', name, 'sleep', '1000');
  const { stdout: pid } = await run('inspect', '--format', '{{.State.Pid}}', id.trim());
  await run('pause', id.trim());
  const marks = [own.bridgeAddress.replace(/1$/, ''), own.socketPath.replace('/docker.sock', '')];
  await own.close();
  const { stdout: addresses } = await runCommand('ip', ['-4', 'address', 'show']);
  const seen = addresses + readFileSync('/proc/mounts', 'utf8');
  for (const mark of marks) expect(seen).not.toContain(mark);
  await waitFor(() => !isAlive(Number(pid)), { what: 'the container to be gone' });
});

test('a killed engine comes back with its images', async () => {
  await engine.kill();
  await engine.start();
  expect((await docker('images')).stdout).toContain('orchestrator/busybox');
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
