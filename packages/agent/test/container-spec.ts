/** Specifications as tests want them: a shell command in a new sandbox. */
import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerSpec } from '../src/index.ts';

let count = 0;

export async function shellSpec(
  folder: string,
  value: string,
  more: Partial<ContainerSpec> = {},
): Promise<ContainerSpec> {
  return {
    containerId: `test-${process.pid}-${++count}`,
    command: { shell: true, value },
    environment: {},
    sandboxPath: await mkdtemp(join(folder, 'sandbox-')),
    resources: { cpus: 0.1, memBytes: 64 * 2 ** 20 },
    ...more,
  };
}

export function readLog(
  { sandboxPath }: ContainerSpec,
  name: 'stdout' | 'stderr' = 'stdout',
): Promise<string> {
  return readFile(join(sandboxPath, name), 'utf8');
}
