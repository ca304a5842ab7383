/** The root file system of a container: of mounts of the host's folders, or a folder of its own under a layer to write. */
import { mkdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../container/run-program.ts';
import { AgentError } from '../errors.ts';
import { copyTopLinks } from './host-facts.ts';

/** Makes `rootfs` in the folder of a container. `own`: a folder, which is never written to. */
export async function prepareRoot(containerFolder: string, own: string | undefined): Promise<void> {
  const target = join(containerFolder, 'rootfs');
  await mkdir(target, { recursive: true });
  if (own === undefined) return await copyTopLinks(target);
  const [upper, work] = [join(containerFolder, 'upper'), join(containerFolder, 'work')];
  await Promise.all([upper, work].map((folder) => mkdir(folder)));
  const bad = [own, containerFolder].find((path) => /[:,\\]/.test(path));
  if (bad !== undefined)
    throw new AgentError('InvalidContainer', `${bad}: no such characters in a root file system's path`);
  const options = `lowerdir=${own},upperdir=${upper},workdir=${work}`;
  await runProgram('mount', ['-t', 'overlay', 'overlay', '-o', options, target]);
}

/** Removes the folder of a container. Nothing is removed while anything is mounted there. */
export async function removeRoot(containerFolder: string): Promise<void> {
  const target = join(containerFolder, 'rootfs');
  if (await isMounted(target)) await runProgram('umount', [target]);
  if (await isMounted(target)) throw new AgentError('LaunchFailed', `${target} is still mounted`);
  await rm(containerFolder, { recursive: true, force: true });
}

const largestReadBytes = 16 * 2 ** 20;

/** The text of a file in a root that is not trusted: no link leads out of it, no device is opened. Otherwise nothing. */
export async function readWithin(root: string, path: string): Promise<string> {
  const real = await realpath(join(root, path)).catch(() => undefined);
  const isInside = real !== undefined && (root === '/' || real.startsWith(`${root}/`));
  if (!isInside) return '';
  const facts = await stat(real);
  return facts.isFile() && facts.size <= largestReadBytes ? await readFile(real, 'utf8') : '';
}

async function isMounted(path: string): Promise<boolean> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  return mounts.split('\n').some((line) => line.split(' ')[1]?.startsWith(path));
}
