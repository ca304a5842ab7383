import { expect, test } from 'vitest';
import { parseAddresses } from './four-letter.ts';
import { parseClients, quorumHealth, type ServerReport } from './inspect.ts';

test('clients are the lines with a session; the question itself is none', () => {
  const cons = [
    ' /127.0.0.1:55544[1](queued=0,recved=12,sent=12,sid=0x1000066b9ff0000,lop=PING,est=17,to=30000)',
    ' /127.0.0.1:55560[0](queued=0,recved=1,sent=0)',
    ' /0:0:0:0:0:0:0:1:41000[1](queued=0,recved=1,sent=1,sid=0x2,lop=SESS)',
    '',
  ].join('\n');
  expect(parseClients(cons)).toEqual(['127.0.0.1:55544', '0:0:0:0:0:0:0:1:41000']);
});

test('addresses keep IPv6 apart from ports', () => {
  expect(parseAddresses('zk1:2181, [::1]:2182')).toEqual([
    { host: 'zk1', port: 2181 },
    { host: '::1', port: 2182 },
  ]);
});

const server = (address: string, mode: string | null) => ({ address, mode, problem: null }) as ServerReport;

test.each([
  [['leader', 'follower', 'follower'], true],
  [['leader', 'follower', null], false],
  [['follower', 'follower'], false],
  [['leader', 'leader'], false],
  [['standalone'], true],
])('%j is healthy: %s', (modes, healthy) => {
  expect(quorumHealth(modes.map((mode, index) => server(`zk${index}:2181`, mode))).healthy).toBe(healthy);
});
