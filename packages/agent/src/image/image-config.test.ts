import { expect, test } from 'vitest';
import type { Command, ContainerSpec } from '../container/spec.ts';
import { inImage, parseImageConfig } from './image-config.ts';

const specWith = (command: Command, more: Partial<ContainerSpec> = {}): ContainerSpec => ({
  ...{ containerId: 'c', command, environment: {}, sandboxPath: '/s', image: { name: 'i' } },
  resources: { cpus: 1, memBytes: 1 },
  ...more,
});
const inside = (spec: ContainerSpec, config: object) =>
  inImage(spec, { rootfs: '/r', config: parseImageConfig(JSON.stringify({ config })) });
const argv = (command: Omit<Command, 'shell'>, config: object) =>
  inside(specWith({ shell: false, ...command }), config).command.arguments;

const both = { Entrypoint: ['run', '-v'], Cmd: ['serve', 'all'] };
const cmd = { Entrypoint: null, Cmd: ['serve', 'all'] };

test('what is run: the entrypoint with the words of the task or of the image, or the first word of the image', () => {
  expect(argv({}, both)).toEqual(['run', '-v', 'serve', 'all']);
  expect(argv({ arguments: ['one'] }, both)).toEqual(['run', '-v', 'one']);
  expect(argv({}, cmd)).toEqual(['serve', 'all']);
  expect(argv({ arguments: ['one'] }, cmd)).toEqual(['serve', 'one']);
  expect(() => argv({ arguments: ['one'] }, {})).toThrow('neither entrypoint nor command');
});

test('a command that names its program, or is for the shell, has nothing of the image', () => {
  const named = { shell: false, value: 'sleep', arguments: ['sleep', '1'] };
  const shell = { shell: true, value: 'sleep 1' };
  for (const command of [named, shell]) expect(inside(specWith(command), both).command).toEqual(command);
});

test('variables, folder and user are the image’s unless the task has its own', () => {
  const config = { ...both, Env: ['A=image', 'B=x=y', 'C'], WorkingDir: '/app', User: 'task' };
  const own = inside(specWith({ shell: false }, { environment: { A: 'task' }, user: '7' }), config);
  expect(own).toMatchObject({
    environment: { A: 'task', B: 'x=y', C: '' },
    workingDirectory: '/app',
    user: '7',
  });
  expect(inside(specWith({ shell: false }), config).user).toBe('task');
  expect(own.linux).toEqual({ rootfs: { path: '/r' } });
});
