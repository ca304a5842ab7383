import { beforeEach, describe, expect, it } from 'vitest';
import { parseTrackedFlow } from './conntrack.ts';
import { createFlows, type Flows, lingerMs } from './flows.ts';
import type { SeenConnection } from './sockets.ts';

let flows: Flows;

beforeEach(() => {
  flows = createFlows({ limit: 100, ownNamespace: 'net:[1]' });
});

function track(
  what: string,
  nowMs: number,
  client = '10.0.0.1:4000',
  asked = '10.0.0.2:80',
  server = asked,
): boolean {
  const [from = '', fromPort = ''] = client.split(':');
  const [to = '', toPort = ''] = asked.split(':');
  const [real = '', realPort = ''] = server.split(':');
  const flow = parseTrackedFlow(
    `${what} src=${from} dst=${to} sport=${fromPort} dport=${toPort} src=${real} dst=${from} sport=${realPort} dport=${fromPort}`,
  );
  return flow !== undefined && flows.track(flow, nowMs);
}

const started = '[NEW] tcp 6 120 SYN_SENT';
const ended = '[UPDATE] tcp 6 120 TIME_WAIT';

const seen = (change: Partial<SeenConnection> = {}): SeenConnection => ({
  protocol: 'tcp',
  client: { ip: '10.0.0.1', port: 4000 },
  server: { ip: '10.0.0.2', port: 80 },
  isOpen: true,
  side: 'client',
  inode: 5,
  sentBytes: undefined,
  receivedBytes: undefined,
  ...change,
});

describe('tracked flows', () => {
  it('of one client to one server are one edge', () => {
    expect(track(started, 0, '10.0.0.1:4000')).toBe(true);
    expect(track(started, 0, '10.0.0.1:4001')).toBe(false);
    expect(flows.edges(0)).toMatchObject([
      {
        client: { ip: '10.0.0.1', port: 0 },
        server: { ip: '10.0.0.2', port: 80 },
        edge: { connections: 2, opened: 2 },
      },
    ]);
  });

  it('that are over leave their edge for a while', () => {
    track(started, 0);
    track(ended, 100);
    expect(flows.edges(100 + lingerMs - 1)).toMatchObject([{ edge: { connections: 0, opened: 1 } }]);
    expect(flows.edges(100 + lingerMs)).toEqual([]);
  });

  it('are new again when a port is used again', () => {
    track(started, 0);
    track(ended, 100);
    track(started, 200);
    expect(flows.edges(200)).toMatchObject([{ edge: { connections: 1, opened: 2 } }]);
  });

  it('whose beginning nobody has seen are not told of at their end', () => {
    expect(track(ended, 0)).toBe(false);
    expect(flows.edges(0)).toEqual([]);
  });

  it('remember what was asked for', () => {
    track(started, 0, '10.0.0.1:4000', '192.0.2.1:8088', '10.0.0.2:80');
    expect(flows.edges(0)).toMatchObject([
      { server: { ip: '10.0.0.2', port: 80 }, asked: { ip: '192.0.2.1', port: 8088 } },
    ]);
  });

  it('beyond the limit are counted on their edge', () => {
    for (let port = 1; port <= 150; port++) track(started, 0, `10.0.0.1:${port}`);
    expect(flows.edges(0)).toMatchObject([{ edge: { connections: 100, opened: 150 } }]);
    expect(flows.size.flows).toBe(100);
  });

  it('have rates', () => {
    track(started, 0);
    const bytes = (sent: number) =>
      `ipv4 2 tcp 6 100 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=4000 dport=80 packets=1 bytes=${sent} src=10.0.0.2 dst=10.0.0.1 sport=80 dport=4000 packets=1 bytes=10`;
    flows.track(parseTrackedFlow(bytes(1000))!, 500);
    flows.rate(1000);
    flows.track(parseTrackedFlow(bytes(5000))!, 1500);
    flows.rate(3000);
    expect(flows.edges(3000)).toMatchObject([{ edge: { sentBytesPerS: 2000, receivedBytesPerS: 0 } }]);
  });

  it('end when tracking is interrupted', () => {
    track(started, 0);
    flows.forgetTracked(100);
    expect(flows.edges(100 + lingerMs)).toEqual([]);
  });
});

describe('looks at sockets', () => {
  const nobody = () => undefined;

  it('find connections and their end', () => {
    flows.look('n', [seen()], nobody, 0);
    expect(flows.edges(0)).toMatchObject([{ edge: { connections: 1, opened: 1 } }]);
    flows.look('n', [], nobody, 1000);
    expect(flows.edges(1000 + lingerMs)).toEqual([]);
    expect(flows.size.flows).toBe(0);
  });

  it('from both ends are one connection', () => {
    flows.look('n', [seen()], nobody, 0);
    flows.look('m', [seen({ side: 'server' })], nobody, 0);
    expect(flows.edges(0)).toMatchObject([{ edge: { connections: 1, opened: 1 } }]);
  });

  it('put a tracked connection on the edge of its process', () => {
    track(started, 0);
    flows.look('n', [seen()], () => 77, 100);
    expect(flows.edges(100)).toMatchObject([{ client: { pid: 77 }, edge: { connections: 1, opened: 1 } }]);
    flows.look('m', [seen({ side: 'server' })], () => 88, 100);
    expect(flows.edges(100)).toMatchObject([{ client: { pid: 77 }, server: { pid: 88 } }]);
    track(ended, 200);
    expect(flows.edges(200 + lingerMs)).toEqual([]);
  });

  it('do not end what connection tracking tells of', () => {
    flows.look('n', [seen()], nobody, 0);
    track('[UPDATE] tcp 6 100 ESTABLISHED', 10);
    flows.look('n', [], nobody, 20);
    expect(flows.edges(20)).toMatchObject([{ edge: { connections: 1 } }]);
  });

  it('keep loopback connections of different namespaces apart', () => {
    const local = seen({ client: { ip: '127.0.0.1', port: 1 }, server: { ip: '127.0.0.1', port: 2 } });
    flows.look('n', [local], nobody, 0);
    flows.look('m', [local], nobody, 0);
    expect(flows.edges(0).map(({ client }) => client.namespace)).toEqual(['n', 'm']);
  });

  it('count what is over already, once', () => {
    flows.look('n', [seen({ isOpen: false, inode: 0 })], nobody, 0);
    flows.look('n', [seen({ isOpen: false, inode: 0 })], nobody, 100);
    expect(flows.edges(100)).toMatchObject([{ edge: { connections: 0, opened: 1 } }]);
  });
});
