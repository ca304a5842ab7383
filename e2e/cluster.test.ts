/** Three masters, two agents, and what people do with them: with the real command, from up to down. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isAlive, type LocalCluster, processesWith, startLocalCluster } from './local-cluster.ts';

interface Agent {
  readonly id: string;
  readonly drain: string | null;
  readonly active: boolean;
}

const patience = { timeout: 60_000, interval: 50 };
let cluster: LocalCluster;

beforeAll(async () => {
  cluster = await startLocalCluster(
    '--masters=3',
    '--agents=2',
    '--agent-resources=cpus:2;mem:1024;disk:1024;ports:[31000-31099]',
  );
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

test('the leader is found by any master, and by the ZooKeeper of all of them', async () => {
  const { cli } = cluster;
  const { leader, parts, zk } = await cluster.status();
  const standby = parts.find(({ state }) => state === 'standby');
  for (const address of [standby?.address, zk])
    expect(await cli.run('leader', `--master=${address}`)).toMatchObject({
      exitCode: 0,
      stdout: `${leader}\n`,
    });
});

const shell = (command: string) => ['run', `--command=${command}`];

describe('a task', () => {
  test('runs as if it ran here: output, environment, exit code', async () => {
    const { cli } = cluster;
    const ended = await cli.run(
      'run',
      '--env=WHO=you',
      `--command=echo "hello $WHO"; echo trouble >&2; exit 3`,
    );
    expect(ended).toMatchObject({ exitCode: 3, stdout: 'hello you\n' });
    expect(ended.stderr).toContain('trouble\n');
    expect(await cli.run('run', '--quiet', '--', 'printf', '%s-%s', 'a b', 'c')).toEqual({
      ...{ exitCode: 0, stdout: 'a b-c', stderr: '' },
    });
  });

  test('is killed by Ctrl-C, and says what it has to say until then', async () => {
    const run = cluster.cli.start(
      ...shell('trap "echo bye; exit 0" TERM; echo ready; while :; do sleep 0.1; done'),
    );
    await expect.poll(() => run.text(), patience).toContain('ready');
    run.child.kill('SIGINT');
    expect(await run.ended).toMatchObject({ exitCode: 130, stdout: 'ready\nbye\n' });
    const frameworks = await cluster.cli.json<unknown[]>('frameworks');
    expect(frameworks).toEqual([]);
  });

  test('is killed from elsewhere, and says to its end what it has to say', async () => {
    const { cli } = cluster;
    const run = cli.start(
      ...shell('trap "echo bye; kill $!; exit 7" TERM; echo ready; sleep 1000 & wait'),
      '--name=watched',
    );
    await expect.poll(() => run.text(), patience).toContain('ready');
    expect(await cli.run('kill', 'watched')).toMatchObject({ exitCode: 0 });
    const ended = await run.ended;
    expect(ended).toMatchObject({ exitCode: 7, stdout: 'ready\nbye\n' });
    expect(ended.stderr).toMatch(/taken task watched\.\w+ over[\s\S]*TASK_KILLED/);
  });

  test('that fits nowhere is explained', async () => {
    const { cli } = cluster;
    const asked = await cli.run('explain', '--resources=cpus:64;mem:32');
    expect(asked).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('fits on none of 2 agents') });
    const run = cli.start('run', '--resources=cpus:64;mem:32', '--command=true');
    await expect
      .poll(() => run.text(), patience)
      .toMatch(/no offer fits yet.*\n.*unmet +cpus 64: never by 2 agents/);
    run.child.kill('SIGINT');
    expect(await run.ended).toMatchObject({ exitCode: 130 });
  });
});

describe('a task in the background', () => {
  let id: string;
  beforeAll(async () => {
    const command = 'for i in 1 2 3; do echo line $i; done; echo oops >&2; exec sleep 1000';
    id = (await cluster.cli.run('run', '--detach', '--quiet', `--command=${command}`)).stdout.trim();
  });

  test('has logs, by the end of its id too', async () => {
    const { cli } = cluster;
    await expect
      .poll(async () => (await cli.run('logs', id)).stdout, patience)
      .toBe('line 1\nline 2\nline 3\n');
    expect((await cli.run('logs', '-n', '2', id.slice(-8))).stdout).toBe('line 2\nline 3\n');
    expect((await cli.run('logs', id, 'stderr')).stdout).toBe('oops\n');
    expect(await cli.run('logs', id, 'nothing')).toMatchObject({ exitCode: 4 });
  });

  test('has room for other processes, with input, exit code and a terminal', async () => {
    const { cli } = cluster;
    expect(await cli.run('exec', id, '--', 'sh', '-c', 'echo in; echo err >&2; exit 7')).toEqual({
      ...{ exitCode: 7, stdout: 'in\n', stderr: 'err\n' },
    });
    const cat = cli.start('exec', '-i', id, 'cat');
    cat.child.stdin?.end('piped\n');
    expect(await cat.ended).toMatchObject({ exitCode: 0, stdout: 'piped\n' });
    const tty = await cli.run('exec', '-t', id, 'sh', '-c', 'test -t 1 && echo a terminal');
    expect(tty).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('a terminal') });
  });

  test('is ended', async () => {
    expect(await cluster.cli.run('kill', id)).toMatchObject({ exitCode: 0 });
    expect((await cluster.tasks()).find((task) => task.id === id)?.state).toBe('TASK_KILLED');
    expect(await cluster.cli.run('kill', id)).toMatchObject({ exitCode: 6 });
  });
});

test('the leading master is killed: tasks run on, frameworks hear of them, operators get their answers', async () => {
  const { cli } = cluster;
  const enough = join(dirname(cluster.folder), 'enough');
  const counting = `i=0; until [ -e ${enough} ]; do echo $i; i=$((i + 1)); sleep 0.2; done; exit 5`;
  const run = cli.start(...shell(counting));
  await expect.poll(() => run.text(), patience).toContain('\n3\n');
  const before = await cluster.status();
  const leader = before.parts.find(({ state }) => state === 'leading');
  process.kill(leader?.pid ?? 0, 'SIGKILL');

  // Asked while nobody leads: the command waits for the one that will, which hears of the task from its agent.
  const states = async () => (await cli.json<{ state: string }[]>('tasks')).map(({ state }) => state);
  await expect.poll(states, patience).toEqual(['TASK_RUNNING']);
  await writeFile(enough, '');
  const ended = await run.ended;
  expect(ended).toMatchObject({
    exitCode: 5,
    stderr: expect.stringContaining('another master is looked for'),
  });
  const lines = ended.stdout.trim().split('\n');
  expect(lines).toEqual(lines.map((_, index) => String(index)));

  await expect.poll(async () => (await cluster.status()).healthy, patience).toBe(true);
  const after = await cluster.status();
  expect(after.leader).not.toBe(before.leader);
  const again = after.parts.find(({ name }) => name === leader?.name);
  expect(again?.restarts).toBeGreaterThan(0);
  expect(again?.pid).not.toBe(leader?.pid);
});

test('an agent is drained, and taken into use again', async () => {
  const { cli } = cluster;
  const run = cli.start('run', '--command=echo here; exec sleep 1000');
  await expect.poll(() => run.text(), patience).toContain('here');
  const [task] = (await cluster.tasks()).filter(({ state }) => state === 'TASK_RUNNING');
  const agentId = task?.agent_id ?? '';
  expect(await cli.run('drain', agentId, '--grace=1', '--wait')).toMatchObject({ exitCode: 0 });
  expect(await run.ended).toMatchObject({
    exitCode: expect.any(Number),
    stderr: expect.stringContaining('drain'),
  });
  const agentNow = async () => (await cli.json<Agent[]>('agents')).find(({ id }) => id === agentId);
  expect((await agentNow())?.drain).toMatch(/^DRAIN/);
  expect(await cli.run('drain', agentId, '--undo')).toMatchObject({ exitCode: 0 });
  expect(await agentNow()).toMatchObject({ active: true, drain: null });
});

test('the monitor follows it, by the ZooKeeper of its masters', async () => {
  const { zk } = await cluster.status();
  const folder = join(dirname(cluster.folder), 'monitor');
  const flags = ['--http.port=0', '--probes.port=0', '--auth.mode=off'];
  const monitor = cluster.cli.start('monitor', `--master=${zk}`, `--work-dir=${folder}`, ...flags);
  await expect.poll(() => monitor.text(), patience).toMatch(/"agents":2.*the cluster is followed/);
  const [, url = ''] = /"url":"([^"]+)"/.exec(monitor.text()) ?? [];
  const leading = async () => {
    const { masters } = Object(await (await fetch(`${url}/api/cluster`)).json());
    return masters.map(({ leads }: { leads: boolean }) => leads);
  };
  await expect.poll(leading, patience).toEqual([true, false, false]);
  monitor.child.kill('SIGTERM');
  expect(await monitor.ended).toMatchObject({ exitCode: 0 });
});

test('shares and outages are set and shown', async () => {
  const { cli } = cluster;
  const web = { name: 'web', guarantees: { cpus: 1 }, limits: { cpus: 2, mem: 512 } };
  expect(await cli.json('quota', 'web', '--guarantee=cpus:1', '--limit=cpus:2;mem:512')).toMatchObject([
    { ...web, weight: 1 },
  ]);
  expect(await cli.json('weights', 'web=2')).toMatchObject([{ ...web, weight: 2 }]);
  expect(await cli.run('quota', 'web', '--limit=many')).toMatchObject({ exitCode: 2 });
  const machine = 'node-7/10.0.0.7';
  await cli.json('maintenance', 'schedule', machine, '--start=2030-01-01T00:00:00Z', '--duration=1hrs');
  await cli.json('maintenance', 'down', machine);
  expect(await cli.json('maintenance', 'status')).toMatchObject({
    windows: [{ machines: [machine], start_ms: Date.UTC(2030, 0, 1), duration_ms: 3_600_000 }],
    down: [machine],
  });
  expect(await cli.json('maintenance', 'up', machine)).toEqual({ windows: [], draining: [], down: [] });
});

test('what is wrong is told with a remedy and an exit code', async () => {
  const { cli } = cluster;
  expect(await cli.run('logs', 'nobody')).toMatchObject({
    ...{ exitCode: 4, stderr: expect.stringContaining('orchestrator tasks lists') },
  });
  const silent = await cli.run('tasks', '--master=127.0.0.1:9', '--json');
  expect(silent.exitCode).toBe(5);
  expect(JSON.parse(silent.stderr)).toMatchObject({ error: { remedy: expect.stringContaining('--master') } });
  expect(await cli.run('cluster', 'up')).toMatchObject({
    exitCode: 6,
    stderr: expect.stringContaining('cluster down'),
  });
  expect(await cli.run('agent', '--work_dirr=/tmp', '--master=127.0.0.1:9')).toMatchObject({ exitCode: 2 });
});

test('down leaves nothing behind, running tasks least of all', async () => {
  const { cli } = cluster;
  const marker = `987${process.pid}`;
  await cli.run('run', '--detach', `--command=exec sleep ${marker}`);
  await expect.poll(() => processesWith(marker), patience).not.toEqual([]);
  const { parts } = await cluster.status();
  const supervisor = await cluster.supervisor();
  expect(await cli.run('cluster', 'down')).toMatchObject({ exitCode: 0 });
  expect(await processesWith(marker)).toEqual([]);
  expect(await Promise.all([supervisor, ...parts.map(({ pid }) => pid)].map(isAlive))).not.toContain(true);
  expect(existsSync(cluster.folder)).toBe(false);
  expect(existsSync(dirname(cluster.folder))).toBe(true);
  expect(await cli.run('cluster', 'down')).toMatchObject({ exitCode: 4 });
  expect(await cli.run('cluster', 'status')).toMatchObject({ exitCode: 4 });
});
