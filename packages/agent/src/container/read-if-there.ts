import { readFile } from 'node:fs/promises';

/**
 * The text of a file, or undefined when there is none, or the process it tells of is gone. Anything else is thrown: who
 * takes a file that cannot be read just now for one that is missing forgets a container that runs.
 */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}
