import { beforeEach, describe, expect, it } from 'vitest';
import { parseTrackedFlow } from './conntrack.ts';
import { lingerMs } from './edges.ts';
import { createFlows, type Flow, type Flows } from './flows.ts';
import type { SeenConnection } from './sockets.ts';

let flows: Flows;

beforeEach(() => {
  flows = createFlows({ limit: 100, edgeLimit: 50, ownNamespace: 'net:[1]' });
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

/** A line of a list. */
const listed = (clientPort: string) =>
  parseTrackedFlow(
    `ipv4 2 tcp 6 100 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=${clientPort} dport=80 src=10.0.0.2 dst=10.0.0.1 sport=80 dport=${clientPort}`,
  )!;

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

  it('have no rate for what went over them before they were known', () => {
    const bytes = (sent: number) =>
      parseTrackedFlow(
        `ipv4 2 tcp 6 100 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=4000 dport=80 packets=1 bytes=${sent} src=10.0.0.2 dst=10.0.0.1 sport=80 dport=4000 packets=1 bytes=10`,
      )!;
    flows.startList(0).see(bytes(1_000_000), 0);
    flows.track(bytes(1_001_000), 900);
    flows.rate(1000);
    expect(flows.edges(1000)).toMatchObject([{ edge: { sentBytesPerS: 1000, receivedBytesPerS: 0 } }]);
  });

  it('of which a whole list does not tell are over, and those since its begin are not', () => {
    track(started, 0, '10.0.0.1:4000');
    track(started, 0, '10.0.0.1:4001');
    const list = flows.startList(100);
    list.see(listed('4001'), 100);
    track(started, 110, '10.0.0.1:4002');
    list.end({ isComplete: true, nowMs: 120 });
    expect(flows.edges(120)).toMatchObject([{ edge: { connections: 2, opened: 3 } }]);
    expect(flows.size.flows).toBe(2);
  });

  it('stay after a list that was cut off', () => {
    track(started, 0);
    flows.startList(100).end({ isComplete: false, nowMs: 120 });
    expect(flows.edges(120)).toMatchObject([{ edge: { connections: 1 } }]);
  });

  it('that have ended since a list began do not come back by an older line of it', () => {
    const list = flows.startList(0);
    track(ended, 10);
    expect(list.see(listed('4000'), 20)).toBe(false);
    list.end({ isComplete: true, nowMs: 30 });
    expect(flows.edges(30)).toEqual([]);
  });

  it('end when tracking is interrupted', () => {
    track(started, 0);
    flows.forgetTracked(100);
    expect(flows.edges(100 + lingerMs)).toEqual([]);
  });
});

describe('looks at sockets', () => {
  /** All sockets of a namespace. */
  function look(namespace: string, connections: SeenConnection[], nowMs: number, closedMs = nowMs): Flow[] {
    const one = flows.startLook(namespace, { nowMs, countEnded: () => true, isFirst: false });
    const followed = connections.map((connection) => one.see(connection));
    one.end({ closedMs, isComplete: true });
    return followed.filter((flow) => flow !== undefined);
  }

  it('count no bytes of before the first one', () => {
    const first = flows.startLook('n', { nowMs: 0, countEnded: () => true, isFirst: true });
    first.see(seen({ sentBytes: 5_000_000, receivedBytes: 0 }));
    first.end({ closedMs: 0, isComplete: true });
    look('n', [seen({ sentBytes: 5_002_000, receivedBytes: 0 })], 900);
    flows.rate(1000);
    expect(flows.edges(1000)).toMatchObject([{ edge: { sentBytesPerS: 2000 } }]);
  });

  it('find connections and their end', () => {
    look('n', [seen()], 0);
    expect(flows.edges(0)).toMatchObject([{ edge: { connections: 1, opened: 1 } }]);
    look('n', [], 1000);
    expect(flows.edges(999 + lingerMs)).toHaveLength(1);
    expect(flows.edges(1000 + lingerMs)).toEqual([]);
    expect(flows.size.flows).toBe(0);
  });

  it('count the time that an edge stays from when it was there at last', () => {
    look('n', [seen()], 0);
    look('n', [], 5000, 4000);
    expect(flows.edges(3999 + lingerMs)).toHaveLength(1);
    expect(flows.edges(4000 + lingerMs)).toEqual([]);
  });

  it('that have not seen everything end nothing', () => {
    look('n', [seen()], 0);
    flows
      .startLook('n', { nowMs: 10, countEnded: () => true, isFirst: false })
      .end({ closedMs: 10, isComplete: false });
    expect(flows.edges(10)).toMatchObject([{ edge: { connections: 1 } }]);
  });

  it('from both ends are one connection', () => {
    look('n', [seen()], 0);
    look('m', [seen({ side: 'server' })], 0);
    expect(flows.edges(0)).toMatchObject([{ edge: { connections: 1, opened: 1 } }]);
  });

  it('put a tracked connection on the edge of its process', () => {
    track(started, 0);
    const [flow] = look('n', [seen()], 100);
    flows.ownClient(flow!, 77, 100);
    expect(flows.edges(100)).toMatchObject([{ client: { pid: 77 }, edge: { connections: 1, opened: 1 } }]);
    const [same] = look('m', [seen({ side: 'server' })], 100);
    same!.edge.serverPid = 88;
    expect(flows.edges(100)).toMatchObject([{ client: { pid: 77 }, server: { pid: 88 } }]);
    track(ended, 200);
    expect(flows.edges(200 + lingerMs)).toEqual([]);
  });

  it('do not end what connection tracking tells of', () => {
    track('[UPDATE] tcp 6 100 ESTABLISHED', 10);
    look('n', [], 20);
    expect(flows.edges(20)).toMatchObject([{ edge: { connections: 1 } }]);
  });

  it('end what they have seen and do not see any more, whoever told of it', () => {
    track(started, 0);
    look('n', [seen()], 10);
    look('n', [], 20);
    expect(flows.edges(20)).toMatchObject([{ edge: { connections: 0 } }]);
  });

  it('end what the kernel remembers of loopback connections that are not there', () => {
    track('[UPDATE] tcp 6 100 ESTABLISHED', 0, '127.0.0.1:4000', '127.0.0.1:80');
    look('net:[1]', [], 20);
    expect(flows.edges(20)).toMatchObject([{ edge: { connections: 0 } }]);
  });

  it('keep loopback connections of different namespaces apart, and end with their namespace', () => {
    const local = seen({ client: { ip: '127.0.0.1', port: 1 }, server: { ip: '127.0.0.1', port: 2 } });
    look('n', [local], 0);
    look('m', [local], 0);
    expect(flows.edges(0).map(({ client }) => client.namespace)).toEqual(['n', 'm']);
    flows.forgetNamespace('n', 100);
    expect(flows.edges(100 + lingerMs).map(({ client }) => client.namespace)).toEqual(['m']);
  });

  it('take all loopback addresses of clients as one', () => {
    const from = (ip: string) => seen({ client: { ip, port: 1 }, server: { ip: '127.0.0.1', port: 2 } });
    look('n', [from('127.0.0.1'), from('127.3.4.5')], 0);
    expect(flows.edges(0)).toMatchObject([{ client: { ip: '127.0.0.1' }, edge: { connections: 2 } }]);
  });

  it('count what is over already, once', () => {
    look('n', [seen({ isOpen: false, inode: 0 })], 0);
    look('n', [seen({ isOpen: false, inode: 0 })], 100);
    expect(flows.edges(100)).toMatchObject([{ edge: { connections: 0, opened: 1 } }]);
  });
});

describe('limits', () => {
  it('leave out what is beyond, and tell how much that is, once', () => {
    for (let host = 1; host <= 60; host++) track(started, 0, `10.0.0.${host}:4000`, `10.1.0.${host}:80`);
    expect(flows.edges(0)).toHaveLength(50);
    expect(flows.takeLeftOut()).toEqual({ connections: 0, edges: 10 });
    expect(flows.takeLeftOut()).toEqual({ connections: 0, edges: 0 });
  });

  it('leave half of the edges to others than the busiest client, and the busiest server', () => {
    for (let port = 1; port <= 60; port++) track(started, 0, '10.0.0.1:4000', `10.1.0.1:${port}`);
    for (let host = 2; host <= 60; host++) track(started, 0, `10.0.0.${host}:4000`, '10.1.0.2:80');
    expect(flows.edges(0)).toHaveLength(50);
    expect(flows.takeLeftOut()).toEqual({ connections: 0, edges: 60 + 59 - 50 });
    const later = lingerMs + 1;
    for (let port = 1; port <= 60; port++) track(ended, 1, '10.0.0.1:4000', `10.1.0.1:${port}`);
    expect(flows.edges(later)).toHaveLength(25);
    for (let port = 1; port <= 60; port++) track(started, later, '10.0.0.1:4000', `10.1.0.1:${port}`);
    expect(flows.edges(later)).toHaveLength(50);
  });
});

describe('connections that are over when they are seen', () => {
  it('leave half of the edges to those that are open', () => {
    const look = flows.startLook('n', { nowMs: 0, countEnded: () => true, isFirst: false });
    for (let host = 1; host <= 60; host++)
      look.see(seen({ isOpen: false, client: { ip: `10.0.0.${host}`, port: 1 } }));
    expect(flows.edges(0)).toHaveLength(25);
    look.see(seen({ client: { ip: '10.0.1.1', port: 1 }, server: { ip: '10.2.0.1', port: 80 } }));
    expect(flows.edges(0)).toHaveLength(26);
  });
});

describe('connections whose process is not known', () => {
  it('are told once, when they have lasted', () => {
    track(started, 0, '10.0.0.1:4000');
    track(started, 0, '10.0.0.1:4001');
    track(ended, 100, '10.0.0.1:4001');
    expect(flows.unowned(100)).toEqual([]);
    expect(flows.unowned(1000)).toEqual([
      { ip: '10.0.0.1', namespace: undefined },
      { ip: '10.0.0.2', namespace: undefined },
    ]);
    expect(flows.unowned(2000)).toEqual([]);
  });
});
