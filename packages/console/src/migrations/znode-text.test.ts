import { expect, test } from 'vitest';
import { fieldText, textOfData } from './znode-text.ts';

const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString('base64');

test('text is shown as text, bytes as bytes, much of it shortened', () => {
  expect(textOfData(base64('leader=ä\n'))).toBe('leader=ä\n');
  expect(textOfData(base64(Uint8Array.of(0, 255, 16)))).toBe('00 ff 10');
  expect(textOfData(null)).toBe('(no data)');
  expect(textOfData(base64('x'.repeat(5_000)))).toMatch(/^x{4096}\n… 904 more bytes$/);
});

test('ACLs read as the command line writes them, other fields by their names', () => {
  const acl = [
    { perms: 31, scheme: 'world', id: 'anyone' },
    { perms: 1, scheme: 'ip', id: '10.0.0.1' },
  ];
  expect(fieldText('acl', acl)).toEqual(['ACL', 'world:anyone:cdrwa, ip:10.0.0.1:r']);
  expect(fieldText('ephemeral_owner', '0')).toEqual(['ephemeral owner', '0']);
  expect(fieldText('version', 3)).toEqual(['version', '3']);
});
