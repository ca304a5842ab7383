/** `--image_gate`: a program decides which images run, in Docker and in native containers. */
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  busyboxImage,
  createTestCgroup,
  type DockerEngine,
  removeFolder,
  runCommand,
  startDocker,
  type TestCgroup,
  temporaryFolder,
} from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createImageGate } from '../src/image/image-gate.ts';
import { createContainerizer, DockerRuntime, NativeRuntime } from '../src/index.ts';
import { shellSpec } from './container-spec.ts';
import { type ImageRegistry, startRegistry } from './image-registry.ts';

let folder: string;
let gate: string;
let engine: DockerEngine;
let cgroup: TestCgroup;
let registry: ImageRegistry;

beforeAll(async () => {
  folder = await temporaryFolder('gate');
  await chmod(folder, 0o755);
  gate = join(folder, 'gate');
  const lines = [
    '#!/bin/sh',
    `echo "$@" >>${folder}/asked`,
    'case $1 in *weak*) echo looking; echo "libold 1.0 has known weaknesses"; exit 1;; esac',
  ];
  await writeFile(gate, lines.join('\n'), { mode: 0o755 });
  engine = await startDocker();
  cgroup = await createTestCgroup('gate');
  registry = await startRegistry(join(folder, 'registry'));
});
afterAll(async () => {
  await registry?.stop();
  await cgroup?.end();
  await engine?.close();
  await removeFolder(folder);
});

const asked = async () => (await readFile(join(folder, 'asked'), 'utf8')).trimEnd().split('\n');

test('in Docker', async () => {
  const fine = await busyboxImage(engine, 'tasks/fine:1');
  const weak = await busyboxImage(engine, 'tasks/weak:1');
  const options = { socketPath: engine.socketPath, stateFolder: join(folder, 'docker') };
  const containerizer = createContainerizer(
    new DockerRuntime({ ...options, imageGate: createImageGate(gate) }),
  );
  for (const _ of [1, 2]) {
    const spec = await shellSpec(folder, 'true', { image: { name: fine } });
    await containerizer.launch(spec);
    await containerizer.destroy(spec.containerId);
  }
  const refused = containerizer.launch(await shellSpec(folder, 'true', { image: { name: weak } }));
  await expect(refused).rejects.toMatchObject({
    code: 'ImageRefused',
    message: 'image tasks/weak:1 may not run here: libold 1.0 has known weaknesses',
  });
  expect((await runCommand('docker', ['--host', engine.dockerHost, 'ps', '-aq'])).stdout).toBe('');
  const [first = '', second = '', ...others] = await asked();
  expect(first).toMatch(/^tasks\/fine:1 [0-9a-f]{64}$/);
  expect(second).toMatch(/^tasks\/weak:1 [0-9a-f]{64}$/);
  expect(others).toEqual([]);
  await containerizer.close();
});

test('in native containers, with the folder of the image', async () => {
  await registry.push('tasks/weak:1', 'weak');
  const stateFolder = join(folder, 'native');
  await mkdir(stateFolder);
  const containerizer = createContainerizer(
    new NativeRuntime({
      ...{ stateFolder, cgroupRoot: `${cgroup.path}/containers`, imageGate: createImageGate(gate) },
      images: {
        ...{ path: join(folder, 'store'), defaultRegistry: `http://${registry.host}` },
        readConfig: () => Promise.resolve(registry.dockerConfig),
      },
    }),
  );
  const spec = await shellSpec(folder, 'true', { image: { name: 'tasks/weak:1' } });
  await expect(containerizer.launch(spec)).rejects.toThrow('libold 1.0 has known weaknesses');
  const [id = ''] = await readdir(join(folder, 'store/images'));
  expect((await asked()).at(-1)).toBe(`tasks/weak:1 ${id} ${folder}/store/images/${id}/rootfs`);
  await containerizer.close();
});
