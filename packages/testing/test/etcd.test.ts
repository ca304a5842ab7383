import { expect, test } from 'vitest';
import { startEtcd, waitFor } from '../src/index.ts';

test('a single member answers, and keeps its data over a kill', async () => {
  await using etcd = await startEtcd();
  const member = etcd.members[0]!;
  const call = async (path: string, body: object) => {
    const response = await fetch(`${member.endpoint}/v3/kv/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    return response.json();
  };
  await call('put', { key: btoa('a'), value: btoa('1') });
  await member.kill();
  expect(member.pid).toBeUndefined();
  await member.start();
  await etcd.waitForQuorum();
  expect(await call('range', { key: btoa('a') })).toMatchObject({ kvs: [{ value: btoa('1') }] });
});

test('three members elect another leader when theirs is frozen', async () => {
  await using etcd = await startEtcd({ members: 3 });
  expect(etcd.storeUrl).toMatch(/^etcd:\/\/127\.0\.0\.1:\d+,127\.0\.0\.1:\d+,127\.0\.0\.1:\d+$/);
  const first = await etcd.waitForQuorum();
  first.pause();
  expect(first.state).toBe('paused');
  const second = await etcd.waitForQuorum();
  expect(second).not.toBe(first);
  first.resume();
  await waitFor(async () => (await first.leadership()) === 'follower', {
    what: 'the thawed member to follow',
  });
});
