import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { hostFacts } from '../host/facts.ts';
import { demultiplex } from './demultiplex.ts';
import { controlsOf, describeContainer, describeImage } from './describe.ts';
import { parseContainer, parseEnvironment, parseEvent } from './inspect.ts';

const all = { controls: true, files: true };

/** As Docker 20.10 answers, shortened. */
const inspected = {
  Id: '1a37fcbf613b',
  Created: '2026-11-23T12:43:34.471526609Z',
  Path: 'sh',
  Args: ['-c', 'sleep 1', '--token', 'hunter2'],
  State: {
    Status: 'running',
    Pid: 12478,
    ExitCode: 0,
    StartedAt: '2026-11-23T12:43:34.656431878Z',
    Health: { Status: 'healthy' },
  },
  Image: 'sha256:bb1f75cc5880',
  Name: '/web',
  RestartCount: 2,
  HostConfig: { NetworkMode: 'default' },
  Mounts: [
    { Type: 'volume', Name: 'data', Source: '/var/lib/x', Destination: '/data', RW: true },
    { Type: 'bind', Source: '/etc/hosts', Destination: '/hosts', RW: false },
  ],
  Config: {
    Hostname: '1a37fcbf613b',
    Tty: false,
    Env: ['PATH=/bin', 'MYSQL_ROOT_PASSWORD=hunter2', 'broken'],
    Image: 'bb:1',
    Labels: { tier: 'web', 'api.password': 'hunter2', upstream: 'amqp://shop:hunter2@queue' },
  },
  NetworkSettings: {
    Ports: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8088' }], '81/tcp': null },
    Networks: { bridge: { IPAddress: '172.17.0.2', GlobalIPv6Address: 'fd00::2' }, none: { IPAddress: '' } },
  },
};

describe('a container', () => {
  const container = parseContainer(inspected, { showSecrets: false })!;

  it('is read with what is shown of it', () => {
    expect(container).toMatchObject({
      name: 'web',
      command: 'sh -c sleep 1 --token ***',
      state: 'running',
      health: 'healthy',
      pid: 12478,
      imageId: 'bb1f75cc5880',
      addresses: ['172.17.0.2', 'fd00::2'],
      networks: ['bridge', 'none'],
      ports: ['0.0.0.0:8088->80/tcp', '81/tcp'],
      mounts: ['data:/data', '/etc/hosts:/hosts:ro'],
      environment: { PATH: '/bin', MYSQL_ROOT_PASSWORD: '***' },
      labels: { tier: 'web', 'api.password': '***', upstream: 'amqp://shop:***@queue' },
    });
  });

  it('becomes a sighting without times that pass by', () => {
    const { latest, controls } = describeContainer(hostFacts({ hostId: 'h' }), container, all);
    expect(latest?.docker_container_started).toBe('2026-11-23T12:43:34.656431878Z');
    expect(latest?.docker_container_exit_code).toBeUndefined();
    expect([...(controls ?? [])]).toContain('docker_stop_container');
  });

  it.each(['created', 'running', 'paused', 'restarting', 'exited', 'dead', 'removing'])(
    'has controls that fit its state: %s',
    (state) => {
      const controls = controlsOf(state, all);
      expect(controls).toContain('docker_logs_container');
      expect(controls.includes('docker_remove_container')).toBe(
        ['created', 'exited', 'dead'].includes(state),
      );
      expect(controls.includes('docker_exec_container')).toBe(state === 'running');
    },
  );

  it.each([[undefined], [null], [{}], [{ Id: 7 }], ['text']])('is none: %j', (json) => {
    expect(parseContainer(json, { showSecrets: false })).toBeUndefined();
  });

  it('may lack everything but its id', () => {
    expect(parseContainer({ Id: 'x' }, { showSecrets: false })).toMatchObject({
      id: 'x',
      state: 'unknown',
      pid: 0,
    });
  });

  it('shows secrets when that is wanted', () => {
    expect(parseEnvironment(['TOKEN=a', 'URL=redis://:pw@x'], true)).toEqual({
      TOKEN: 'a',
      URL: 'redis://:pw@x',
    });
    expect(parseEnvironment(['TOKEN=a', 'URL=redis://:pw@x'], false)).toEqual({
      TOKEN: '***',
      URL: 'redis://:***@x',
    });
  });
});

describe('an image', () => {
  it.each([
    [['bb:1'], 'bb', '1'],
    [['registry:5000/a/b:2'], 'registry:5000/a/b', '2'],
    [['registry:5000/a/b'], 'registry:5000/a/b', undefined],
    [['<none>:<none>'], undefined, undefined],
    [null, undefined, undefined],
  ])('has a name and a tag: %j', (RepoTags, name, tag) => {
    const json = { Id: 'sha256:ab', RepoTags, Size: 5, Labels: null };
    const image = describeImage(hostFacts({ hostId: 'h' }), json, { showSecrets: false });
    expect(image?.id).toBe('ab;<container_image>');
    expect(image?.sighting.latest?.docker_image_name).toBe(name);
    expect(image?.sighting.latest?.docker_image_tag).toBe(tag);
  });
});

it('an image keeps the secrets in its labels', () => {
  const json = { Id: 'sha256:ab', Labels: { maintainer: 'me', 'build.token': 'hunter2' } };
  const label = (showSecrets: boolean) =>
    describeImage(hostFacts({ hostId: 'h' }), json, { showSecrets })?.sighting.latest;
  expect(label(false)).toMatchObject({
    docker_image_label_maintainer: 'me',
    'docker_image_label_build.token': '***',
  });
  expect(label(true)).toMatchObject({ 'docker_image_label_build.token': 'hunter2' });
});

describe('an event', () => {
  it.each([
    [
      '{"Type":"container","Action":"start","Actor":{"ID":"x"}}',
      { type: 'container', action: 'start', id: 'x' },
    ],
    [
      '{"Type":"container","Action":"health_status: healthy","Actor":{"ID":"x"}}',
      { type: 'container', action: 'health_status', id: 'x' },
    ],
    [
      '{"Type":"network","Action":"connect","Actor":{"ID":"n","Attributes":{"container":"x","name":"bridge"}}}',
      { type: 'network', action: 'connect', id: 'n', containerId: 'x' },
    ],
    ['{"Type":"container"', undefined],
    ['null', undefined],
    ['{}', undefined],
  ])('%s', (line, event) => {
    expect(parseEvent(line)).toEqual(event);
  });
});

it('output in frames is plain however it is cut', async () => {
  const frame = (stream: number, body: string) => {
    const header = Buffer.alloc(8);
    header[0] = stream;
    header.writeUInt32BE(Buffer.byteLength(body), 4);
    return Buffer.concat([header, Buffer.from(body)]);
  };
  const bytes = Buffer.concat([frame(1, 'out\n'), frame(2, ''), frame(2, 'err\n'), frame(1, 'more')]);
  for (const size of [1, 3, 7, 100]) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    );
    expect(await text(Readable.from(pieces).pipe(demultiplex()))).toBe('out\nerr\nmore');
  }
});
