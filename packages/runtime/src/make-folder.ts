import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder, and those above it that are missing. One that is there is fine, whatever its mode, and so is another maker of the
 * same folders at the same time.
 *
 * Not `mkdir` with `recursive`: below `/proc`, where nothing can be made and the answer is that there is no such folder, Node.js 24
 * tries for ever.
 *
 * @param mode of each folder that is made; default 0o777 less the umask
 * @throws the system's error; where folders cannot be made at all, one that says so
 */
export async function makeFolder(folder: string, mode = 0o777): Promise<void> {
  if (await isMade(folder, mode)) return;
  const parent = dirname(folder);
  await makeFolder(parent, mode);
  if (!(await isMade(folder, mode))) throw new Error(`nothing can be made in ${parent}`);
}

/** Whether the folder is there now; false if that above it was missing when it was to be made. */
async function isMade(folder: string, mode: number): Promise<boolean> {
  try {
    await mkdir(folder, { mode });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await isFolder(folder))) return true;
    if (code === 'ENOENT') return false;
    throw error;
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
