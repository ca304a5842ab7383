/** What of this machine goes into a bundle, looked up once. */
import { existsSync } from 'node:fs';
import { readdir, readlink, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostFacts } from './bundle.ts';

/** Mounted anew in every container. */
const kernelFolders = new Set(['proc', 'sys', 'dev']);
/** Statically linked ones, so that they run in any root file system. */
const initPrograms = [
  '/usr/libexec/podman/catatonit',
  '/usr/bin/catatonit',
  '/usr/bin/tini-static',
  '/usr/bin/docker-init',
];

export async function readHostFacts(): Promise<HostFacts> {
  const entries = await readdir('/', { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && !kernelFolders.has(entry.name));
  const unified = existsSync('/sys/fs/cgroup/cgroup.controllers');
  return {
    architecture: process.arch,
    topFolders: folders.map(({ name }) => name),
    initPath: initPrograms.find((path) => existsSync(path)),
    hasSwapAccounting: unified || existsSync('/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes'),
  };
}

/** Links below `/`, such as `/bin` to `usr/bin`, that a root of mounts needs too. */
export async function copyTopLinks(target: string): Promise<void> {
  for (const entry of await readdir('/', { withFileTypes: true })) {
    if (entry.isSymbolicLink()) await symlink(await readlink(`/${entry.name}`), join(target, entry.name));
  }
}
