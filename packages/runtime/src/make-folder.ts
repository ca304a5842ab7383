import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder, and those above it that are missing. One that is there is fine, whatever its mode.
 *
 * Not `mkdir` with `recursive`: below `/proc`, where nothing can be made and the answer is that there is no such folder, Node.js 24
 * tries for ever.
 *
 * @param mode of each folder that is made; default 0o777 less the umask
 * @throws the system's error; where folders cannot be made at all, one that says so
 */
export async function makeFolder(folder: string, mode = 0o777): Promise<void> {
  try {
    await mkdir(folder, { mode });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await isFolder(folder))) return;
    if (code !== 'ENOENT') throw error;
    const parent = dirname(folder);
    if (await isFolder(parent)) throw new Error(`nothing can be made in ${parent}`, { cause: error });
    await makeFolder(parent, mode);
    await makeFolder(folder, mode);
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
