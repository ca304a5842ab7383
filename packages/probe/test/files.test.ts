/** Files of containers, on a real engine. */
import { buffer } from 'node:stream/consumers';
import { busyboxImage, type DockerEngine, runCommand, startDocker } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dockerSource } from '../src/docker/source.ts';
import { killContainer, runContainer } from './containers.ts';
import { latest, type Watching, watch } from './watching.ts';

let engine: DockerEngine;
let seen: Watching;
let id = '';

const script = `
mkdir -p /data/deep/deeper; echo hello >/data/hello; printf '\\0\\377' >/data/binary; ln -s ../data/hello /data/link
ln -s /etc /data/out; ln -s ../../../../etc/hostname /data/escape; ln -s /data/loop /data/loop
dd if=/dev/zero of=/data/zeros bs=1024 count=200 2>/dev/null; seq 1 20000 >/data/lines; echo x >/data/deep/deeper/x
touch /ready; while true; do sleep 1; done`;

const call = (control: string, args: Record<string, string>) =>
  seen.probe.controls.call({ nodeId: `${id};<container>`, control, arguments: args });
const json = async (control: string, args: Record<string, string>) =>
  JSON.parse((await call(control, args)).value ?? '');
const names = async (path: string): Promise<string[]> => {
  const { entries } = await json('docker_list_files', { path });
  return entries.map(({ name, type }: { name: string; type: string }) => `${name} ${type}`);
};
const download = async (path: string) => {
  const { pipe } = await call('docker_download_file', { path });
  return pipe === undefined ? Buffer.alloc(0) : buffer(pipe);
};

beforeAll(async () => {
  engine = await startDocker();
  seen = watch(dockerSource({ socketPath: engine.socketPath }));
  id = await runContainer(engine, await busyboxImage(engine), 'files', { Cmd: ['sh', '-c', script] });
  await seen.until('the container', () => seen.node('container', `${id};<container>`) !== undefined);
  await seen.until('its files', () => true);
  await runCommand('sh', [
    '-c',
    `until docker -H ${engine.dockerHost} exec ${id} test -e /ready; do sleep 0.05; done`,
  ]);
});

afterAll(async () => {
  await seen?.stop();
  await engine?.close();
});

const inData = [
  'binary file',
  'deep folder',
  'escape link',
  'hello file',
  'lines file',
  'link link',
  'loop link',
  'out link',
  'zeros file',
];

it('lists folders of a container that runs', async () => {
  expect(await names('/data')).toEqual(inData);
  expect(await names('/data/deep/')).toEqual(['deeper folder']);
  expect(await names('/')).toContain('data folder');
  const { entries } = await json('docker_list_files', { path: '/data' });
  const hello = entries.find(({ name }: { name: string }) => name === 'hello');
  expect(hello).toMatchObject({ size: 6, mode: 0o644 });
  expect(entries.find(({ name }: { name: string }) => name === 'link')).toMatchObject({
    target: '../data/hello',
  });
});

it('follows links within the container, and no further', async () => {
  expect(await names('/data/out')).toEqual(await names('/etc'));
  await expect(names('/data/loop')).rejects.toThrow('no folder');
  await expect(names('/data/hello')).rejects.toThrow('no folder');
  await expect(names('/none')).rejects.toThrow('no folder');
  await expect(names('/data/../../etc')).rejects.toThrow('absolute path');
  await expect(names('data')).rejects.toThrow('absolute path');
  const { content } = await json('docker_read_file', { path: '/data/escape' });
  expect(content.trim()).toBe(id.slice(0, 12));
});

it('reads parts of files', async () => {
  expect(await json('docker_read_file', { path: '/data/link' })).toMatchObject({
    ...{ path: '/data/link', size: 6, offset: 0, encoding: 'utf8', content: 'hello\n' },
  });
  expect(await json('docker_read_file', { path: '/data/hello', offset: '1', length: '3' })).toMatchObject({
    content: 'ell',
  });
  const { content } = await json('docker_read_file', { path: '/data/lines', offset: '96888', length: '12' });
  expect(content).toBe('18000\n18001\n');
  expect(await json('docker_read_file', { path: '/data/binary' })).toMatchObject({
    ...{ encoding: 'base64', content: Buffer.from([0, 255]).toString('base64') },
  });
  await expect(call('docker_read_file', { path: '/data' })).rejects.toThrow('no file');
  await expect(call('docker_read_file', { path: '/none' })).rejects.toThrow(/refused/);
  await expect(call('docker_read_file', { path: '/data/hello', length: '1e9' })).rejects.toThrow('length is');
});

it('downloads files as they are, folders as archives', async () => {
  expect((await download('/data/zeros')).equals(Buffer.alloc(200 * 1024))).toBe(true);
  const archive = await download('/data/deep');
  expect(archive.toString('latin1')).toContain('deep/deeper/x');
  expect(archive.length % 512).toBe(0);
});

it('looks into a container that has stopped', async () => {
  await killContainer(engine, id);
  await seen.until(
    'its end',
    () => latest(seen.node('container', `${id};<container>`), 'docker_container_state') === 'exited',
  );
  expect(await names('/data')).toEqual(inData);
  expect(await json('docker_read_file', { path: '/data/hello' })).toMatchObject({ content: 'hello\n' });
});
