import { describe, expect, test } from 'vitest';
import { parseConnectString } from './connect-string.ts';

describe('parseConnectString', () => {
  test('reads servers, default ports, IPv6 addresses and the chroot', () => {
    expect(parseConnectString('a:1, b ,[::1]:3,[fe80::1%eth0],2001:db8::1/app/x')).toEqual({
      hosts: [
        { host: 'a', port: 1 },
        { host: 'b', port: 2181 },
        { host: '::1', port: 3 },
        { host: 'fe80::1%eth0', port: 2181 },
        { host: '2001:db8::1', port: 2181 },
      ],
      chroot: '/app/x',
    });
  });

  test('takes a lone slash for no chroot', () => {
    expect(parseConnectString('a/')).toEqual({ hosts: [{ host: 'a', port: 2181 }], chroot: '' });
  });

  test.each([
    ['', /names no server/],
    ['/app', /names no server/],
    ['a:0', /invalid port "0"/],
    ['a:70000', /invalid port/],
    ['a:', /invalid port ""/],
    ['a b:1', /unreadable server "a b:1"/],
    ['a:1:2', /unreadable server/],
    ['a/x/', /ends with "\/"/],
    ['a/x//y', /empty name/],
  ])('refuses "%s"', (text, message) => {
    expect(() => parseConnectString(text)).toThrow(message);
  });
});
