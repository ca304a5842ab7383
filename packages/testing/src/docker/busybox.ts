/** The one image of tests, made from this machine's busybox, since no registry can be asked. */
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TestingError } from '../errors.ts';
import { runCommand } from '../run-command.ts';
import { removeFolder, temporaryFolder } from '../temporary-folder.ts';
import type { DockerEngine } from './engine.ts';

const program = '/bin/busybox';

/**
 * Fills a folder with a root file system: every applet of busybox, users `root` and `task` (1000).
 *
 * @throws TestingError `MissingProgram`
 */
export async function fillBusyboxRoot(folder: string): Promise<void> {
  for (const name of ['bin', 'etc', 'tmp', 'root', 'proc', 'sys', 'dev', 'var', 'mnt', 'home/task']) {
    await mkdir(join(folder, name), { recursive: true });
  }
  await copyFile(program, join(folder, 'bin/busybox')).catch((cause) => {
    throw new TestingError('MissingProgram', `there is no ${program} on this machine; run scripts/setup`, {
      cause,
    });
  });
  const { stdout } = await runCommand(program, ['--list']);
  const applets = stdout.split('\n').filter((name) => name !== '' && name !== 'busybox');
  await Promise.all(applets.map((name) => symlink('busybox', join(folder, 'bin', name))));
  await writeFile(
    join(folder, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\ntask:x:1000:1000:task:/home/task:/bin/sh\n',
  );
  await writeFile(join(folder, 'etc/group'), 'root:x:0:\ntask:x:1000:\n');
  await writeFile(join(folder, 'etc/nsswitch.conf'), 'hosts: files dns\n');
}

/** The root file system as a tar archive. */
export async function busyboxArchive(): Promise<Buffer> {
  const folder = await temporaryFolder('busybox');
  const archive = join(folder, 'root.tar');
  try {
    const root = join(folder, 'root');
    await mkdir(root);
    await fillBusyboxRoot(root);
    await runCommand('tar', ['--sort=name', '--numeric-owner', '-C', root, '-cf', archive, '.']);
    return await readFile(archive);
  } finally {
    await removeFolder(folder);
  }
}

/** Puts the image into an engine. @returns its name */
export async function busyboxImage(
  engine: DockerEngine,
  name = 'orchestrator/busybox:test',
): Promise<string> {
  const [repository = '', tag = 'latest'] = name.split(':');
  const query = new URLSearchParams({ fromSrc: '-', repo: repository, tag });
  query.append('changes', 'CMD ["sh"]');
  await engine.request('POST', `/images/create?${query}`, { body: await busyboxArchive() });
  return name;
}
