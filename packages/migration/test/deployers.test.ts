import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@orchestrator/runtime';
import { freePorts, temporaryFolder } from '@orchestrator/testing';
import { connect } from '@orchestrator/zookeeper';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createCommandDeployer } from '../src/deploy/command.ts';
import type { DeployContext, Deployer } from '../src/deploy/deployer.ts';
import { type EnsemblePlan, planEnsemble } from '../src/deploy/ensemble-plan.ts';
import { findServer } from '../src/deploy/java-process.ts';
import { createLocalDeployer } from '../src/deploy/local.ts';
import { createManualDeployer } from '../src/deploy/manual.ts';
import { connectStringOfPlan } from '../src/deploy/reach.ts';
import { createSshDeployer } from '../src/deploy/ssh.ts';
import { newSuperCredential, superDigestOf } from '../src/deploy/super-user.ts';
import { type SshServer, startSshServer } from './ssh-server.ts';

let folder: string;
let ssh: SshServer | undefined;
let plan: EnsemblePlan;
let told: string[];
let ctx: DeployContext;
let credential: string;

beforeEach(async () => {
  folder = await temporaryFolder('deploy');
  ssh = undefined;
  told = [];
  credential = newSuperCredential();
  ctx = {
    signal: new AbortController().signal,
    logger: silentLogger,
    instruct: async (text) => void told.push(text),
    followed: async () => void told.push('done: thanks'),
  };
  const [client_port = 0, quorum_port = 0, election_port = 0] = await freePorts(3);
  const server = { id: 1, host: '127.0.0.1', client_port, quorum_port, election_port, admin_port: 0 };
  ({ plan } = planEnsemble({
    servers: [server],
    source: { settings: new Map([['tickTime', '500']]), javaOptions: [] },
    overrides: {},
    javaOptions: ['-Xmx128m'],
    superDigest: superDigestOf(credential),
  }));
});

afterEach(async () => {
  for (const place of ['remote', 'local', 'by-command']) {
    const left = await findServer(join(folder, place, 'server-1/zoo.cfg'));
    if (left !== undefined) process.kill(left.pid, 'SIGKILL');
  }
  await ssh?.close();
  rmSync(folder, { recursive: true, force: true });
});

const timing = { timeoutMs: 60_000, clock: systemClock };

const local = (owner = 'm1'): Deployer =>
  createLocalDeployer({ folder: join(folder, 'local'), install: null, java: 'java', owner, ...timing });

/** What every deployer that controls servers has to keep to: each call twice, and the super user is let in. */
async function keepsTheContract(deployer: Deployer, home: string): Promise<void> {
  for (let time = 0; time < 2; time++) await deployer.deploy(plan, ctx);
  expect(statSync(join(home, 'zoo.cfg')).mode & 0o777).toBe(0o600);
  expect((await deployer.status(plan))[0]?.state).toBe('stopped');
  for (let time = 0; time < 2; time++) await deployer.start(plan, ctx);
  expect((await deployer.status(plan))[0]?.state).toBe('running');

  const client = await connect({
    connectString: connectStringOfPlan(plan),
    auth: [{ scheme: 'digest', credentials: credential }],
  });
  await client.create('/closed', 'x', { acl: [{ perms: 31, scheme: 'digest', id: 'nobody:xyz' }] });
  expect((await client.getData('/closed')).data?.toString()).toBe('x');
  await client.close();
  const running = await findServer(join(home, 'zoo.cfg'));
  expect(running?.argv.join(' ')).not.toContain('super:');

  for (let time = 0; time < 2; time++) await deployer.stop(plan, ctx);
  expect((await deployer.status(plan))[0]?.state).toBe('stopped');
  await deployer.start(plan, ctx);
  const again = await findServer(join(home, 'zoo.cfg'));
  expect(again?.argv).toEqual(running?.argv);
  for (let time = 0; time < 2; time++) await deployer.destroy(plan, ctx);
  expect((await deployer.status(plan))[0]?.state).toBe('absent');
  expect(existsSync(home)).toBe(false);
}

test('local: processes of this machine', async () => {
  await keepsTheContract(local(), join(folder, 'local/server-1'));
});

test('local: what is not ours is neither used nor removed', async () => {
  const home = join(folder, 'local/server-1');
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'precious'), 'x');
  await expect(local().deploy(plan, ctx)).rejects.toThrow('is not empty (precious)');
  rmSync(join(home, 'precious'));
  await local('m1').deploy(plan, ctx);
  await expect(local('m2').deploy(plan, ctx)).rejects.toThrow('is not empty');
  await local('m2').destroy(plan, ctx);
  expect(existsSync(join(home, 'zoo.cfg'))).toBe(true);
});

test('local: a seed takes the place of whatever was there, but not under a running server', async () => {
  const seed = join(folder, 'seed');
  writeFileSync(seed, 'tree');
  await local().deploy(plan, ctx);
  await local().placeSeed(plan, { file: seed, fileName: 'snapshot.1' }, ctx);
  await local().placeSeed(plan, { file: seed, fileName: 'snapshot.2' }, ctx);
  const data = join(folder, 'local/server-1/data/version-2');
  expect(existsSync(join(data, 'snapshot.1'))).toBe(false);
  expect(readFileSync(join(data, 'snapshot.2'), 'utf8')).toBe('tree');
  rmSync(data, { recursive: true });
  await local().start(plan, ctx);
  await expect(local().placeSeed(plan, { file: seed, fileName: 'snapshot.3' }, ctx)).rejects.toThrow(
    'server 1 runs',
  );
});

test('ssh: the same on another machine, through a real sshd', async () => {
  ssh = await startSshServer(folder);
  const options = {
    folder: join(folder, 'remote'),
    install: '/usr/share/zookeeper',
    java: 'java',
    user: ssh.user,
    port: ssh.port,
    identity_file: ssh.identityFile,
    known_hosts_file: ssh.knownHostsFile,
    owner: 'm1',
    ...timing,
  };
  const deployer = createSshDeployer(options);
  expect(deployer.describe(plan).join('\n')).toContain(`StrictHostKeyChecking=yes`);
  expect(deployer.describe(plan).join('\n')).not.toContain('superDigest');
  await keepsTheContract(deployer, join(folder, 'remote/server-1'));

  await deployer.deploy(plan, ctx);
  const seed = join(folder, 'seed');
  writeFileSync(seed, Buffer.alloc(300_000, 5));
  await deployer.placeSeed(plan, { file: seed, fileName: 'snapshot.7' }, ctx);
  const tar = join(folder, 'server-1.tar');
  for await (const { content } of deployer.files(plan) ?? []) {
    const pieces: Buffer[] = [];
    for await (const piece of content) pieces.push(piece);
    writeFileSync(tar, Buffer.concat(pieces));
  }
  expect(execFileSync('tar', ['-tf', tar], { encoding: 'utf8' })).toContain('data/version-2/snapshot.7');

  writeFileSync(ssh.knownHostsFile, '');
  await expect(deployer.status(plan)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('Host key verification failed'),
    remedy: expect.stringContaining('try by hand: ssh'),
  });
});

const script = `#!/bin/sh
# The least program that keeps the contract: one server, its folder beside the script.
verb=$1; home=$(dirname "$0")/by-command/server-1; request=$(cat)
field() { printf '%s' "$request" | sed "s/.*\\"$1\\":\\"\\([^\\"]*\\)\\".*/\\1/" | sed 's/\\\\n/\\n/g'; }
pid() { pgrep -f "QuorumPeerMain $home/zoo.cfg"; }
case $verb in
  deploy) umask 077; mkdir -p "$home/data"; echo 1 > "$home/data/myid"
    field zoo_cfg | sed "s#^dataDir=.*#dataDir=$home/data#" > "$home/zoo.cfg" ;;
  start) pid > /dev/null || { nohup java -Xmx128m -cp /usr/share/java/zookeeper.jar:/usr/share/java/slf4j-simple.jar \\
    org.apache.zookeeper.server.quorum.QuorumPeerMain "$home/zoo.cfg" > "$home/log" 2>&1 & } ;;
  stop) kill $(pid) 2> /dev/null; while pid > /dev/null; do sleep 0.1; done ;;
  status) state=absent; [ -f "$home/zoo.cfg" ] && state=stopped; pid > /dev/null && state=running
    echo "{\\"servers\\": [{\\"id\\": 1, \\"state\\": \\"$state\\"}]}" ;;
  destroy) kill $(pid) 2> /dev/null; while pid > /dev/null; do sleep 0.1; done; rm -rf "$home" ;;
  seed) echo 'no room on the disk' >&2; exit 1 ;;
esac
`;

test("command: the operator's own program, with its words when it fails", async () => {
  const program = join(folder, 'deploy.sh');
  writeFileSync(program, script, { mode: 0o755 });
  const options = { command: [program], cluster: 'target' as const, owner: 'm1', environment: [], ...timing };
  const deployer = createCommandDeployer(options);
  await keepsTheContract(deployer, join(folder, 'by-command/server-1'));
  await expect(deployer.placeSeed(plan, { file: '/x', fileName: 'y' }, ctx)).rejects.toMatchObject({
    code: 'precondition',
    message: expect.stringContaining('no room on the disk'),
  });
  const absent = createCommandDeployer({ ...options, command: ['/no/such/program'] });
  await expect(absent.status(plan)).rejects.toThrow('/no/such/program cannot be run');
  writeFileSync(program, '#!/bin/sh\nexec sleep 60\n');
  const hanging = createCommandDeployer({ ...options, timeoutMs: 200 });
  await expect(hanging.status(plan)).rejects.toMatchObject({ code: 'timeout' });
});

test('manual: instructions, then the wait for what comes of them', async () => {
  const manual = createManualDeployer({
    folder: join(folder, 'manual'),
    connectString: connectStringOfPlan(plan),
    archiveSources: [],
    title: 'Cluster-B',
    ...timing,
  });
  await manual.deploy(plan, ctx);
  expect(readFileSync(join(folder, 'manual/server-1/zoo.cfg'), 'utf8')).toContain('DATA_FOLDER_OF_SERVER_1');
  const started = manual.start(plan, ctx);
  // The person does as told, by other means.
  await local().deploy(plan, ctx);
  await local().start(plan, ctx);
  await started;
  const stopped = manual.stop(plan, ctx);
  await local().stop(plan, ctx);
  await stopped;
  expect(told.map((text) => text.split(':')[1]?.trim().split(' ')[0])).toEqual([
    'install',
    'start',
    'thanks',
    'stop',
    'thanks',
  ]);
  const impatient = createManualDeployer({
    folder,
    connectString: connectStringOfPlan(plan),
    archiveSources: [],
    title: 'Cluster-B',
    clock: systemClock,
    timeoutMs: 300,
  });
  await expect(impatient.start(plan, ctx)).rejects.toThrow('no healthy quorum in time');
});
