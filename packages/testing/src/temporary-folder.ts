import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { undoAtExit } from './janitor.ts';

/** A new folder under the system's temporary folder; removed at the latest when this process ends. */
export async function temporaryFolder(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `orchestrator-${name}-`));
  undoAtExit('folder', folder);
  return folder;
}

/** Removes a folder with all that is in it, also while a dying process still writes there. */
export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
