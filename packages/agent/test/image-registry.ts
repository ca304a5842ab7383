/** A real registry on loopback that wants credentials, and images of busybox to put into it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fillBusyboxRoot, freePorts, runCommand, startProcess, waitFor } from '@orchestrator/testing';

const username = 'puller';
const password = 'secret';
/** bcrypt of the password. */
const passwordHash = '$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW';

export interface ImageRegistry {
  /** `host:port` */
  readonly host: string;
  /** Content of a Docker `config.json`. */
  readonly dockerConfig: string;
  /**
   * Builds an image and pushes it.
   *
   * @param config options of `umoci config` without their dashes
   * @param mark what the file `/mark` holds
   * @returns its digest
   */
  push(name: string, mark: string, config?: readonly [string, string][]): Promise<string>;
  /** Nothing is answered any more. */
  stop(): Promise<void>;
}

export async function startRegistry(folder: string): Promise<ImageRegistry> {
  const [port = 0] = await freePorts(1);
  const host = `127.0.0.1:${port}`;
  const passwordFile = join(folder, 'htpasswd');
  await mkdir(folder, { recursive: true });
  await writeFile(passwordFile, `${username}:${passwordHash}\n`);
  const settings = {
    version: 0.1,
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(folder, 'data') } },
    http: { addr: host },
    auth: { htpasswd: { realm: 'tasks', path: passwordFile } },
  };
  const file = join(folder, 'config.yml');
  // Of which JSON is a part.
  await writeFile(file, JSON.stringify(settings));
  const server = await startProcess({
    ...{ command: 'docker-registry', args: ['serve', file], logFile: join(folder, 'registry.log') },
  });
  const answers = async () => (await fetch(`http://${host}/v2/`).catch(() => undefined))?.status === 401;
  await waitFor(answers, { what: 'the registry' });
  const root = join(folder, 'root');
  await mkdir(root);
  await fillBusyboxRoot(root);
  let count = 0;
  return {
    host,
    dockerConfig: JSON.stringify({
      auths: { [host]: { auth: Buffer.from(`${username}:${password}`).toString('base64') } },
    }),
    async push(name, mark, config = []) {
      const layout = join(folder, `layout-${++count}`);
      const layer = `${layout}.tar`;
      await writeFile(join(root, 'mark'), mark);
      await runCommand('tar', ['--numeric-owner', '-C', root, '-cf', layer, '.']);
      const image = ['--image', `${layout}:one`];
      await runCommand('umoci', ['init', '--layout', layout]);
      await runCommand('umoci', ['new', ...image]);
      await runCommand('umoci', ['raw', 'add-layer', ...image, layer]);
      const words = config.flatMap(([key, value]) => [`--config.${key}`, value]);
      await runCommand('umoci', ['config', ...image, '--config.env', 'PATH=/bin', ...words]);
      const digestFile = `${layout}.digest`;
      const access = ['--dest-tls-verify=false', '--dest-creds', `${username}:${password}`];
      const addresses = [`oci:${layout}:one`, `docker://${host}/${name}`];
      await runCommand('skopeo', ['copy', '--digestfile', digestFile, ...access, ...addresses]);
      return (await runCommand('cat', [digestFile])).stdout.trim();
    },
    async stop() {
      server.signal('SIGKILL');
      await server.exit;
    },
  };
}
