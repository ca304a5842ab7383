import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runCommand, waitFor } from '../src/index.ts';

interface Started {
  pids: number[];
  folder: string;
  disk: string;
  namespacePrefix: string;
}

const door = fileURLToPath(new URL('../src/index.ts', import.meta.url));
const script = `
import { createNetwork, mountSmallDisk, startEnsemble, startEtcd } from ${JSON.stringify(door)};
const network = await createNetwork(['a', 'b', 'c']);
const disk = await mountSmallDisk({ sizeMb: 8 });
const ensemble = await startEnsemble({ hosts: network.hosts, dataDirs: { 1: disk.path } });
const etcd = await startEtcd();
ensemble.server(2).pause();
const pids = [...ensemble.servers, ...etcd.members].map((server) => server.pid);
const folder = ensemble.server(1).configFile.replace('/server-1/zoo.cfg', '');
console.log(JSON.stringify({ pids, folder, disk: disk.path, namespacePrefix: 'orchestrator-' + process.pid + '-' }));
setInterval(() => {}, 1000);
`;

const isAlive = (pid: number) => existsSync(`/proc/${pid}`);

test('a process killed by SIGKILL leaves no server, folder, mount or namespace behind', async () => {
  const scriptFolder = mkdtempSync(join(tmpdir(), 'sudden-death-'));
  const file = join(scriptFolder, 'parent.ts');
  writeFileSync(file, script);
  const parent = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface(parent.stdout)[Symbol.asyncIterator]();
  const started: Started = JSON.parse((await lines.next()).value ?? '{}');
  expect(started.pids.map(isAlive)).toEqual([true, true, true, true]);
  expect([existsSync(started.folder), existsSync(started.disk)]).toEqual([true, true]);

  parent.kill('SIGKILL');
  await waitFor(() => !started.pids.some(isAlive), { what: 'the servers to die' });
  await waitFor(() => !existsSync(started.folder) && !existsSync(started.disk), {
    what: 'the folders to go',
  });
  await waitFor(
    async () => !(await runCommand('ip', ['netns', 'list'])).stdout.includes(started.namespacePrefix),
    { what: 'the namespaces to go' },
  );
  expect((await runCommand('cat', ['/proc/mounts'])).stdout).not.toContain(started.disk);
  rmSync(scriptFolder, { recursive: true });
});
