import { expect, test } from 'vitest';
import { parseMasterAddress } from './address.ts';

test('masters are named by hosts, with or without TLS, or by their ZooKeeper', () => {
  expect(parseMasterAddress('a:5050')).toEqual({ kind: 'hosts', scheme: 'http', hosts: ['a:5050'] });
  expect(parseMasterAddress('http://a:5050/, b:5051')).toMatchObject({
    scheme: 'http',
    hosts: ['a:5050', 'b:5051'],
  });
  expect(parseMasterAddress('https://a:443,https://[::1]:5050')).toMatchObject({
    ...{ scheme: 'https', hosts: ['a:443', '[::1]:5050'] },
  });
  expect(parseMasterAddress('zk://user:secret@z:2181/mesos')).toEqual({
    ...{ kind: 'zookeeper', url: 'zk://user:secret@z:2181/mesos' },
  });
  expect(parseMasterAddress('file:///etc/mesos/zk')).toMatchObject({ kind: 'zookeeper' });
});

test.each(['', 'a', 'a:port', 'a:1,', 'a b:1', 'ftp://a:1'])('%j is refused with the form', (text) => {
  expect(() => parseMasterAddress(text)).toThrow(/is not host:port/);
});
