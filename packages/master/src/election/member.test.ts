import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeMember, encodeMember, leadingMember, makeMasterInfo, packIp, parseMember } from './member.ts';
import { parseZkUrl } from './zk-url.ts';

test('the smallest number leads; what has none is no member', () => {
  expect(leadingMember(['log_replicas', 'json.info_0000000012', 'json.info_0000000003'])?.name).toBe(
    'json.info_0000000003',
  );
  expect(leadingMember(['json.info_0000000012', 'info_0000000002'])?.label).toBe('info');
  expect(leadingMember(['log_replicas', 'config'])).toBeUndefined();
  expect(parseMember('json.info_9999999999')).toBeUndefined();
  expect(parseMember('0000000007')).toEqual({ name: '0000000007', label: '', sequence: 7 });
});

test('a member is written as the real master writes it', () => {
  const info = makeMasterInfo({
    id: '321a1cc4-df3a-4dac-a5b8-a13363a59115',
    ip: '127.0.0.5',
    port: 5050,
    hostname: '127.0.0.5',
    version: '1.12.0',
  });
  expect(encodeMember(info).toString()).toBe(
    '{"address":{"hostname":"127.0.0.5","ip":"127.0.0.5","port":5050},"capabilities":[{"type":"AGENT_UPDATE"},{"type":"AGENT_DRAINING"},{"type":"QUOTA_V2"}],"hostname":"127.0.0.5","id":"321a1cc4-df3a-4dac-a5b8-a13363a59115","ip":83886207,"pid":"master@127.0.0.5:5050","port":5050,"version":"1.12.0"}',
  );
  const read = decodeMember('json.info', encodeMember(info));
  expect(read).toMatchObject({ id: info.id, ip: info.ip, pid: info.pid, hostname: info.hostname });
});

test('a label that no master writes is an error, not a leader', () => {
  expect(() => decodeMember('backup', Buffer.from('{}'))).toThrow(/label "backup"/);
});

test('addresses are packed with the first byte lowest, and read back', () => {
  expect(packIp('127.0.0.5')).toBe(83886207);
  fc.assert(
    fc.property(fc.ipV4(), (ip) => {
      const info = makeMasterInfo({ id: 'x', ip, port: 1, hostname: 'h', version: '1' });
      const { address, ...rest } = JSON.parse(encodeMember(info).toString()) as Record<string, unknown>;
      expect(address).toBeDefined();
      expect(decodeMember('json.info', Buffer.from(JSON.stringify(rest))).address?.ip).toBe(ip);
    }),
  );
});

test('URLs', () => {
  expect(parseZkUrl('zk://a:2181,b:2181/mesos')).toEqual({
    connectString: 'a:2181,b:2181',
    path: '/mesos',
    credentials: undefined,
  });
  expect(parseZkUrl('zk://u:p@a:2181/x/mesos/')).toMatchObject({ path: '/x/mesos', credentials: 'u:p' });
  for (const bad of ['a:2181/mesos', 'zk://a:2181', 'zk://a:2181/', 'zk://secret@a:2181/mesos']) {
    expect(() => parseZkUrl(bad)).toThrow(/URL of ZooKeeper/);
    expect(() => parseZkUrl(bad)).not.toThrow(/secret/);
  }
});
