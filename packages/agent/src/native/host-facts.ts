/** What of this machine goes into a bundle, looked up once. */
import { existsSync } from 'node:fs';
import { readdir, readlink, symlink } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { readIfThere } from '../container/read-if-there.ts';
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

const runtimePrograms = ['/usr/sbin/runc', '/usr/bin/runc', '/usr/local/sbin/runc', '/usr/local/bin/runc'];
const otherRuntimePrograms = ['/usr/bin/crun', '/usr/local/bin/crun'];

/** crun does not run where version 1 and version 2 of cgroups are side by side. */
const isHybrid = () =>
  existsSync('/sys/fs/cgroup/unified') && !existsSync('/sys/fs/cgroup/cgroup.controllers');

/** The OCI runtime of this machine; undefined when there is none that works. */
export function findOciRuntime(): string | undefined {
  const programs = isHybrid() ? runtimePrograms : [...runtimePrograms, ...otherRuntimePrograms];
  return programs.find((path) => existsSync(path));
}

/** Profiles for containers, the first that is loaded counts; Docker loads its own where AppArmor is. */
const apparmorProfiles = ['orchestrator-default', 'docker-default', 'containers-default'];

/** Undefined where the kernel has no AppArmor, or no profile for containers is loaded. */
export async function findApparmorProfile(): Promise<string | undefined> {
  const enabled = await readIfThere('/sys/module/apparmor/parameters/enabled');
  if (enabled?.trim() !== 'Y') return undefined;
  const loaded = (await readIfThere('/sys/kernel/security/apparmor/profiles')) ?? '';
  const names = new Set(loaded.split('\n').map((line) => line.replace(/ \(.*\)$/, '')));
  return apparmorProfiles.find((name) => names.has(name));
}

export async function readHostFacts(): Promise<HostFacts> {
  const entries = await readdir('/', { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && !kernelFolders.has(entry.name));
  const unified = existsSync('/sys/fs/cgroup/cgroup.controllers');
  return {
    architecture: process.arch,
    kernelRelease: release(),
    topFolders: folders.map(({ name }) => name),
    initPath: initPrograms.find((path) => existsSync(path)),
    apparmorProfile: await findApparmorProfile(),
    hasSwapAccounting: unified || existsSync('/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes'),
  };
}

/** Links below `/`, such as `/bin` to `usr/bin`, that a root of mounts needs too. */
export async function copyTopLinks(target: string): Promise<void> {
  for (const entry of await readdir('/', { withFileTypes: true })) {
    if (entry.isSymbolicLink()) await symlink(await readlink(`/${entry.name}`), join(target, entry.name));
  }
}
