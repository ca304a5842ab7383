#!/usr/bin/env node
// A program for `deploy: { kind: command, command: [./deploy.mjs] }`. It runs the servers on this machine; put your own
// machines, images or API in the place of the four functions at the end. Needs Node.js 20. The contract: ../deployers.md.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const verb = process.argv.at(-1);
const request = JSON.parse(readFileSync(0, 'utf8'));
const java = 'java';
const classPath = '/usr/share/java/zookeeper.jar:/usr/share/java/slf4j-simple.jar';

/** The folder of a server, from its data_folder in the configuration; everything of ours is below it. */
const homeOf = (server) => dirname(server.data_folder);
const inHome = (server, name) => join(homeOf(server), name);

const verbs = {
  deploy(server) {
    const mark = inHome(server, 'deployed-for');
    if (existsSync(homeOf(server)) && !existsSync(mark)) throw new Error(`${homeOf(server)} is in use`);
    mkdirSync(server.data_folder, { recursive: true, mode: 0o700 });
    writeFileSync(mark, request.owner);
    writeFileSync(join(server.data_folder, 'myid'), `${server.id}\n`);
    // It holds the super user's digest.
    writeFileSync(inHome(server, 'zoo.cfg'), server.zoo_cfg, { mode: 0o600 });
  },
  seed(server) {
    const folder = join(server.data_folder, 'version-2');
    rmSync(folder, { recursive: true, force: true });
    cpSync(request.seed.file, join(folder, request.seed.name));
  },
  start(server) {
    if (processOf(server) === undefined) launch(server);
  },
  async stop(server) {
    const pid = processOf(server);
    if (pid !== undefined) process.kill(pid, 'SIGTERM');
    while (processOf(server) !== undefined) await pause(100);
  },
  async destroy(server) {
    await verbs.stop(server);
    const mark = inHome(server, 'deployed-for');
    if (existsSync(mark) && readFileSync(mark, 'utf8') === request.owner)
      rmSync(homeOf(server), { recursive: true });
  },
};

const stateOf = (server) => {
  if (processOf(server) !== undefined) return 'running';
  return existsSync(inHome(server, 'zoo.cfg')) ? 'stopped' : 'absent';
};

/** The process that runs a server; a number in a file may by now be somebody else's. */
function processOf(server) {
  const file = inHome(server, 'pid');
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'utf8'));
  const commandLine = `/proc/${pid}/cmdline`;
  const runs =
    existsSync(commandLine) && readFileSync(commandLine, 'utf8').includes(inHome(server, 'zoo.cfg'));
  return runs ? pid : undefined;
}

function launch(server) {
  const log = openSync(inHome(server, 'server.log'), 'a');
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
  const args = ['-cp', classPath, ...request.java_options, main, inHome(server, 'zoo.cfg')];
  const child = spawn(java, args, { detached: true, stdio: ['ignore', log, log] });
  writeFileSync(inHome(server, 'pid'), String(child.pid));
  child.unref();
}

function archive(servers) {
  return spawnSync('tar', ['-cf', '-', ...servers.map(homeOf)], { stdio: ['ignore', 'inherit', 'inherit'] });
}

try {
  if (verb === 'status') {
    const servers = request.servers.map((server) => ({ id: server.id, state: stateOf(server) }));
    process.stdout.write(JSON.stringify({ servers }));
  } else if (verb === 'archive') process.exitCode = archive(request.servers).status ?? 1;
  else for (const server of request.servers) await verbs[verb](server);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
