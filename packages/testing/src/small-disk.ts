/** A disk that is soon full. Root only, since it is a mount. */
import { statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TestingError } from './errors.ts';
import { undoAtExit } from './janitor.ts';
import { runCommand } from './run-command.ts';
import { removeFolder, temporaryFolder } from './temporary-folder.ts';

export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
  /** Takes all the space that is left: from now on writers get ENOSPC. */
  fill(): Promise<void>;
  /** Gives back what `fill` took. */
  free(): Promise<void>;
  /** Unmounts it; end what writes to it first. */
  close(): Promise<void>;
}

/**
 * A file system in memory of `sizeMb`.
 *
 * @throws TestingError `NotRoot`
 */
export async function mountSmallDisk(options: { sizeMb: number }): Promise<SmallDisk> {
  if (process.getuid?.() !== 0) {
    throw new TestingError(
      'NotRoot',
      'a small disk is a mount and needs root; run the tests as root or with sudo',
    );
  }
  const path = await temporaryFolder('disk');
  undoAtExit('mount', path);
  await runCommand('mount', ['-t', 'tmpfs', '-o', `size=${options.sizeMb}m`, 'tmpfs', path]);
  const ballast = join(path, 'ballast');
  const close = async () => {
    await runCommand('umount', ['--lazy', path]);
    await removeFolder(path);
  };
  return {
    path,
    fill: async () => {
      const { bavail, bsize } = await statfs(path);
      await writeFile(ballast, Buffer.alloc(bavail * bsize), { flag: 'a' }).catch((error) => {
        // Others may have written meanwhile; full is full.
        if (error.code !== 'ENOSPC') throw error;
      });
    },
    free: () => removeFolder(ballast),
    close,
    [Symbol.asyncDispose]: close,
  };
}
