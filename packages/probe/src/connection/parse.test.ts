import { describe, expect, it } from 'vitest';
import { isOver, parseTrackedFlow } from './conntrack.ts';
import { sideOf } from './listeners.ts';
import { connectionOf, isListening, parseSocket, tcpActivity } from './sockets.ts';

describe('connection tracking', () => {
  it('tells of a new flow', () => {
    const line =
      '    [NEW] ipv4     2 tcp      6 120 SYN_SENT src=172.17.0.3 dst=172.17.0.1 sport=58686 dport=8088 [UNREPLIED] src=172.17.0.2 dst=172.17.0.3 sport=80 dport=58686';
    expect(parseTrackedFlow(line)).toEqual({
      event: 'new',
      protocol: 'tcp',
      state: 'SYN_SENT',
      source: { ip: '172.17.0.3', port: 58686 },
      destination: { ip: '172.17.0.1', port: 8088 },
      replySource: { ip: '172.17.0.2', port: 80 },
      replyDestination: { ip: '172.17.0.3', port: 58686 },
      sentBytes: undefined,
      receivedBytes: undefined,
    });
  });

  it('lists flows with their bytes', () => {
    const flow = parseTrackedFlow(
      'ipv6     10 udp      17 29 src=fd00::3 dst=fd00::2 sport=5000 dport=53 packets=1 bytes=60 src=fd00::2 dst=fd00::3 sport=53 dport=5000 packets=2 bytes=120 mark=0 use=1',
    );
    expect(flow).toMatchObject({
      protocol: 'udp',
      state: '',
      sentBytes: 60,
      receivedBytes: 120,
      source: { ip: 'fd00::3', port: 5000 },
    });
  });

  it.each([
    ['[UPDATE] ipv4 2 tcp 6 432000 ESTABLISHED', false],
    ['[UPDATE] ipv4 2 tcp 6 120 FIN_WAIT', true],
    ['[UPDATE] ipv4 2 tcp 6 120 TIME_WAIT', true],
    ['[DESTROY] ipv4 2 tcp 6', true],
    ['[DESTROY] ipv4 2 udp 17', true],
    ['[NEW] ipv4 2 udp 17 30', false],
  ])('tells when a flow is over: %s', (start, over) => {
    const flow = parseTrackedFlow(
      `${start} src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 src=2.2.2.2 dst=1.1.1.1 sport=2 dport=1`,
    );
    expect(flow && isOver(flow)).toBe(over);
  });

  it.each([
    [''],
    ['conntrack v1.4.7 (conntrack-tools): 3 flow entries have been shown.'],
    [
      '[NEW] ipv4 2 icmp 1 30 src=1.1.1.1 dst=2.2.2.2 type=8 code=0 id=1 src=2.2.2.2 dst=1.1.1.1 type=0 code=0 id=1',
    ],
    ['[NEW] ipv4 2 tcp 6 120 SYN_SENT src=1.1.1.1 dst=2.2.2.2'],
  ])('also tells of what is no connection: %s', (line) => {
    expect(parseTrackedFlow(line)).toBeUndefined();
  });
});

describe('sockets', () => {
  const lines = [
    'tcp LISTEN 0      1      *:80 *:* ino:3924024 sk:9d cgroup:/docker/1a v6only:0 <-> bbr cwnd:10',
    'tcp ESTAB 0 0 [::ffff:172.17.0.2]:80 [::ffff:172.17.0.3]:40000 ino:7 sk:1 <-> bbr bytes_sent:5 bytes_acked:5 bytes_received:9',
    'tcp ESTAB 0 0 172.17.0.2:41000 172.17.0.4:90 ino:8 sk:2 <-> bytes_acked:1 bytes_received:2',
    'tcp TIME-WAIT 0 0 127.0.0.1:80 127.0.0.1:5000 timer:(timewait,30sec,0) ino:0 sk:9f',
    'udp UNCONN 0 0 0.0.0.0%lo:53 0.0.0.0:* ino:9 sk:3',
    'udp ESTAB 0 0 172.17.0.2:6000 8.8.8.8:53 ino:10 sk:4',
    'u_str ESTAB 0 0 * 5 * 6',
  ];
  const sockets = lines.map(parseSocket).filter((one) => one !== undefined);

  it('tell where somebody listens', () => {
    expect(sockets.filter(isListening).map(({ protocol, local }) => [protocol, local])).toEqual([
      ['tcp', { ip: '*', port: 80 }],
      ['udp', { ip: '0.0.0.0', port: 53 }],
    ]);
  });

  it('are ends of connections', () => {
    const connections = sockets
      .map((socket) => connectionOf(socket, socket.local.port === 80 ? 'server' : 'client'))
      .filter((one) => one !== undefined);
    expect(connections).toMatchObject([
      {
        side: 'server',
        client: { ip: '172.17.0.3', port: 40000 },
        server: { ip: '172.17.0.2', port: 80 },
        isOpen: true,
        inode: 7,
        sentBytes: 9,
        receivedBytes: 5,
      },
      { side: 'client', server: { ip: '172.17.0.4', port: 90 }, sentBytes: 1, receivedBytes: 2 },
      { side: 'server', client: { ip: '127.0.0.1', port: 5000 }, isOpen: false },
      { protocol: 'udp', side: 'client', server: { ip: '8.8.8.8', port: 53 } },
    ]);
  });

  it('are counted by their namespace', () => {
    const snmp = `Ip: Forwarding DefaultTTL
Ip: 1 64
Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab
Tcp: 1 200 120000 -1 17 2 0 0 3
`;
    expect(tcpActivity(snmp)).toEqual({ begun: 19, open: 3 });
    expect(tcpActivity('')).toEqual({ begun: 0, open: 0 });
  });
});

describe('the side of a socket', () => {
  const sides = {
    local: { ip: '10.0.0.1', port: 40_000 },
    remote: { ip: '10.0.0.2', port: 41_000 },
    isLocalListening: false,
    isRemoteListening: false,
    isRemoteHere: true,
    known: undefined,
  };
  const turned = { ...sides, local: sides.remote, remote: sides.local };

  it.each([
    ['somebody listens on its port', { ...sides, isLocalListening: true }, 'server'],
    ['somebody listens at the other end', { ...turned, isRemoteListening: true }, 'client'],
    ['its port is one that is not given out', { ...sides, local: { ip: '10.0.0.1', port: 80 } }, 'server'],
    ['the other port is', { ...sides, remote: { ip: '10.0.0.2', port: 80 } }, 'client'],
    ['an earlier look knew it', { ...sides, known: 'client' as const }, 'client'],
    ['it goes to another host', { ...sides, isRemoteHere: false }, 'client'],
  ])('is told when %s', (_, given, side) => {
    expect(sideOf(given)).toBe(side);
  });

  it('is the same whichever end is looked at', () => {
    expect(new Set([sideOf(sides), sideOf(turned)])).toEqual(new Set(['client', 'server']));
  });
});
