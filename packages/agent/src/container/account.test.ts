import { expect, test } from 'vitest';
import { findAccount } from './account.ts';

const passwd = 'root:x:0:0:root:/root:/bin/sh\ntask:x:1000:1001::/home/task:/bin/sh\n';
const group = 'root:x:0:\ntask:x:1001:\nextra:x:20:other,task\n';

test.each([
  ['task', { uid: 1000, gid: 1001, additionalGids: [20], home: '/home/task' }],
  ['1000', { uid: 1000, gid: 1001, additionalGids: [20], home: '/home/task' }],
  ['task:extra', { uid: 1000, gid: 20, additionalGids: [20], home: '/home/task' }],
  ['4711', { uid: 4711, gid: 0, additionalGids: [], home: '/' }],
  ['4711:42', { uid: 4711, gid: 42, additionalGids: [], home: '/' }],
])('%s', (user, account) => expect(findAccount(user, passwd, group)).toEqual(account));

test('who does not exist is told', () => {
  expect(() => findAccount('nobody', passwd, group)).toThrow('there is no user "nobody"');
  expect(() => findAccount('task:none', passwd, group)).toThrow('there is no group "none"');
});
