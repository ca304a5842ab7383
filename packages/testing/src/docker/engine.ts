/** A Docker Engine of its own: its data, its socket, its bridge; nothing of the machine's own Docker is touched. */
import { randomInt } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { claim } from '../claims.ts';
import { TestingError } from '../errors.ts';
import { undoAtExit } from '../janitor.ts';
import { RestartableServer } from '../restartable-server.ts';
import { runCommand } from '../run-command.ts';
import { removeFolder, temporaryFolder } from '../temporary-folder.ts';
import { waitFor } from '../wait-for.ts';
import { createTestCgroup, type TestCgroup } from './cgroup.ts';

export interface DockerOptions {
  /** Appended to the command line of dockerd, e.g. `--live-restore`. */
  flags?: readonly string[];
}

interface EngineParts {
  folder: string;
  cgroup: TestCgroup;
  /** First three numbers of every address of the engine's networks, with a dot. */
  subnet: string;
  bridge: string;
  flags: readonly string[];
}

/** Containers take seconds to be made and removed on a machine that is busy. */
const answerTimeoutMs = 60_000;
/** An engine that starts may leave the first question unanswered. */
const readyAnswerTimeoutMs = 2_000;

/**
 * dockerd without rules of a firewall: published ports are served by its proxy, containers reach this machine and each
 * other, and nothing beyond.
 */
function commandLine({ folder, cgroup, subnet, bridge, flags }: EngineParts): string[] {
  return [
    'dockerd',
    ...['--config-file', join(folder, 'daemon.json'), '--pidfile', join(folder, 'docker.pid')],
    ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
    ...['--host', `unix://${join(folder, 'docker.sock')}`],
    ...['--bridge', bridge, '--default-address-pool', `base=${subnet}128/25,size=28`],
    ...['--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'],
    ...['--cgroup-parent', `${cgroup.path}/containers`, '--exec-opt', 'native.cgroupdriver=cgroupfs'],
    ...['--storage-driver', 'overlay2'],
    ...flags,
  ];
}

export class DockerEngine extends RestartableServer {
  /** The socket of the Engine API. */
  readonly socketPath: string;
  /** Value of `DOCKER_HOST` for the `docker` command. */
  readonly dockerHost: string;
  /** Address of this machine as containers on the bridge see it. */
  readonly bridgeAddress: string;
  readonly #parts: EngineParts;

  constructor(parts: EngineParts) {
    const socketPath = join(parts.folder, 'docker.sock');
    super({
      name: 'Docker Engine',
      launch: {
        command: 'sh',
        args: ['-c', 'echo $$ >"$0" && exec "$@"', parts.cgroup.procsFile, ...commandLine(parts)],
        logFile: join(parts.folder, 'dockerd.log'),
      },
      isReady: () => this.request('GET', '/_ping', { timeoutMs: readyAnswerTimeoutMs }),
    });
    this.socketPath = socketPath;
    this.dockerHost = `unix://${socketPath}`;
    this.bridgeAddress = `${parts.subnet}1`;
    this.#parts = parts;
  }

  /**
   * One call of the Engine API, which is to say something within `timeoutMs` (default 60000).
   *
   * @returns the body as text
   * @throws TestingError `CommandFailed` when it answers with 400 or more
   */
  request(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    options: { body?: Buffer; timeoutMs?: number } = {},
  ): Promise<string> {
    const { body, timeoutMs: timeout = answerTimeoutMs } = options;
    return new Promise((resolve, reject) => {
      const outgoing = request({ socketPath: this.socketPath, method, path, timeout });
      outgoing.on('error', reject);
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer in ${timeout} ms`)));
      outgoing.on('response', (response) => {
        const failed = (response.statusCode ?? 500) >= 400;
        text(response).then((answer) => {
          if (!failed) return resolve(answer);
          return reject(new TestingError('CommandFailed', `${method} ${path}: ${answer.trim()}`));
        }, reject);
      });
      outgoing.end(body);
    });
  }

  /** SIGKILL; its containers die with it unless it has `--live-restore`, but for their shims, which the next start ends. */
  override async kill(): Promise<void> {
    await super.kill();
    // The kernel kills containerd with it. Until somebody reaps that, the next start would take it for a running one.
    await removeFolder(join(this.#parts.folder, 'exec/containerd/containerd.pid'));
  }

  /** Kills the engine and all its containers and removes what is left of them. */
  async close(): Promise<void> {
    await this.kill();
    const { cgroup, folder, subnet } = this.#parts;
    await cgroup.end();
    await deleteBridges(subnet);
    await runCommand('umount', ['--lazy', folder]);
    await removeFolder(folder);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function deleteBridges(subnet: string): Promise<void> {
  const { stdout } = await runCommand('ip', ['-o', '-4', 'address', 'show']);
  for (const line of stdout.split('\n')) {
    const [, link = '', , address = ''] = line.trim().split(/\s+/);
    if (address.startsWith(subnet)) await runCommand('ip', ['link', 'delete', link]);
  }
}

/**
 * A bridge in a subnet that nobody on this machine uses, nor has used while its process lives: at that one's end all
 * bridges in there are deleted.
 */
async function createBridge(): Promise<{ bridge: string; subnet: string }> {
  const { stdout: used } = await runCommand('ip', ['-4', 'address', 'show']);
  for (;;) {
    const number = randomInt(1, 255);
    const subnet = `10.213.${number}.`;
    if (used.includes(` ${subnet}`) || !claim('subnets', number)) continue;
    const bridge = `orch-docker${number}`;
    const made = await runCommand('ip', ['link', 'add', bridge, 'type', 'bridge']).then(
      () => true,
      (error) => {
        if (String(error).includes('File exists')) return false;
        throw error;
      },
    );
    if (!made) continue;
    undoAtExit('bridges', subnet);
    await runCommand('ip', ['address', 'add', `${subnet}1/25`, 'dev', bridge]);
    await runCommand('ip', ['link', 'set', bridge, 'up']);
    return { bridge, subnet };
  }
}

/**
 * A running Docker Engine, ready in about half a second. It, its containers, networks and mounts are gone when this
 * process is gone. Its data is in memory.
 *
 * @throws TestingError `NotRoot`; `MissingProgram`; `StartFailed` with the end of its log
 */
export async function startDocker(options: DockerOptions = {}): Promise<DockerEngine> {
  const cgroup = await createTestCgroup('docker');
  const folder = await temporaryFolder('docker');
  undoAtExit('mount', folder);
  await runCommand('mount', ['-t', 'tmpfs', 'tmpfs', folder]);
  // Its mounts are nobody else's business, and go with this one.
  await runCommand('mount', ['--make-private', folder]);
  await writeFile(join(folder, 'daemon.json'), '{}');
  const engine = new DockerEngine({ folder, cgroup, flags: options.flags ?? [], ...(await createBridge()) });
  try {
    await engine.start();
    // The first answer may come before containers can be made.
    await waitFor(() => engine.request('GET', '/info'), { what: 'the Docker Engine to tell about itself' });
    return engine;
  } catch (error) {
    await engine.close();
    throw error;
  }
}
