/** `stdout` and `stderr` of a sandbox as files that a task writes itself. */
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

/** Opened to append, which is what lets them be shortened from the front while the task writes; to be closed. */
export async function openOutput(
  sandboxPath: string,
  owner: { uid: number; gid: number },
): Promise<[stdout: FileHandle, stderr: FileHandle]> {
  const files = await Promise.all(
    ['stdout', 'stderr'].map((name) => open(join(sandboxPath, name), 'a', 0o644)),
  );
  const [stdout, stderr] = files as [FileHandle, FileHandle];
  await Promise.all(files.map((file) => file.chown(owner.uid, owner.gid)));
  return [stdout, stderr];
}
