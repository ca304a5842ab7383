/** What clients may legally write, and what the other side cannot take: named, with a remedy, and nothing else held up. */
import type { LedgerEntry } from '@orchestrator/sync';
import { digestOf, waitFor } from '@orchestrator/testing';
import { connect, openAcl, ZooKeeperError } from '@orchestrator/zookeeper';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EngineProcess } from './engine.ts';
import { openStage, type Stage } from './stage.ts';

const mostBytes = 0xfffff;
/** The source takes requests four times as large as the target. */
const sourceBytes = 4 * mostBytes;
let stage: Stage;
let engine: EngineProcess;

beforeAll(async () => {
  stage = await openStage({ source: { jvmFlags: [`-Djute.maxbuffer=${sourceBytes}`] } });
  engine = await stage.engine();
  await engine.lead();
});

afterAll(() => stage.close());

async function entryOf(path: string): Promise<LedgerEntry> {
  const find = async () => (await engine.ledger()).find((entry) => entry.path === path);
  return waitFor(find, { what: `${path} in the ledger` });
}

/** Whatever is held up, this is not. */
async function expectOthersTravel(name: string): Promise<void> {
  await stage.a.create(`/after-${name}`, name);
  await waitFor(async () => (await stage.b.exists(`/after-${name}`)).stat, {
    what: 'a later change to travel',
  });
}

test('znodes up to what one request of ours may hold travel; a larger one is named, with what would help', async () => {
  const { connectString } = stage.source;
  const writer = await connect({ connectString, juteMaxBuffer: sourceBytes });
  await writer.create('/large', null);
  const sizes = [mostBytes - 700, mostBytes - 100, mostBytes, mostBytes + 1, 2 * mostBytes];
  for (const size of sizes) await writer.create(`/large/${size}`, Buffer.alloc(size, 'x'));
  // Grows over the limit on a node that the other side has already.
  await writer.create('/large/grows', 'small');
  await writer.setData('/large/grows', Buffer.alloc(2 * mostBytes, 'y'));
  await writer.close();
  await expectOthersTravel('large');
  expect((await stage.b.getData(`/large/${mostBytes - 700}`)).data).toHaveLength(mostBytes - 700);
  for (const size of sizes.slice(1)) {
    const { what, why } = await entryOf(`/large/${size}`);
    expect(what).toBe('refused by the target: TooLarge');
    expect(why).toMatch(/jute\.maxbuffer/);
  }
  expect((await entryOf('/large/grows')).why).toMatch(/jute\.maxbuffer/);
  const differences = (await engine.verify()).differences.map(({ path }) => path);
  expect(differences.filter((path) => !path.startsWith('/large'))).toEqual([]);
});

/** Every character that a name may hold, and the order of the code units is that of the servers' check. */
function legalCharacters(): string[] {
  const ranges = [
    [0x20, 0x7e],
    [0xa0, 0xd7ff],
    [0xf900, 0xffef],
  ] as const;
  return ranges.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, index) => String.fromCharCode(first + index)).filter(
      (character) => character !== '/',
    ),
  );
}

test('names of every legal character travel both ways', async () => {
  const characters = legalCharacters();
  const perName = 200;
  const names: string[] = [];
  for (let at = 0; at < characters.length; at += perName) {
    names.push(characters.slice(at, at + perName).join(''));
  }
  // Dots are legal but for the two relative names.
  names.push('...', '.hidden', 'a.', '..a', ' ', '~', '%2F');
  await Promise.all([stage.a.create('/names', null), stage.b.create('/names-b', null)]);
  await Promise.all([
    ...names.map((name) => stage.a.create(`/names/${name}`, name.slice(0, 8))),
    ...names.map((name) => stage.b.create(`/names-b/${name}`, name.slice(0, 8))),
  ]);
  await engine.settled(30_000);
  const [onB, onA] = await Promise.all([stage.b.getChildren('/names'), stage.a.getChildren('/names-b')]);
  expect(new Set(onB.children)).toEqual(new Set(names));
  expect(new Set(onA.children)).toEqual(new Set(names));
  const differences = (await engine.verify()).differences.map(({ path }) => path);
  expect(differences.filter((path) => path.startsWith('/names'))).toEqual([]);
});

test('no client can make a name of an illegal character, so none has to travel', async () => {
  const illegal = [0x00, 0x01, 0x1f, 0x7f, 0x9f, 0xd800, 0xdfff, 0xe000, 0xf8ff, 0xfff0, 0xffff];
  const names = [...illegal.map((unit) => `a${String.fromCharCode(unit)}b`), '.', '..', '', '\u{1f600}'];
  for (const name of names) {
    const refused = await stage.a.create(`/${name}`, null).catch((error) => error);
    expect(refused).toBeInstanceOf(ZooKeeperError);
  }
  await expectOthersTravel('illegal');
});

test('a node whose copy our credentials may not write is named when it changes, with the remedy', async () => {
  const owner = await connect({
    connectString: stage.source.connectString,
    auth: [{ scheme: 'digest', credentials: 'owner:secret' }],
  });
  const acl = [
    { perms: 31, scheme: 'digest', id: digestOf('owner', 'secret') },
    { perms: 1, scheme: 'world', id: 'anyone' },
  ];
  await owner.create('/owned', 'first', { acl });
  await waitFor(async () => (await stage.b.exists('/owned')).stat, { what: 'the copy' });
  await owner.setData('/owned', 'second');
  await owner.close();
  const { what, why } = await entryOf('/owned');
  expect(what).toBe('refused by the target: NoAuth');
  expect(why).toMatch(/credentials/);
  await expectOthersTravel('owned');
  expect((await stage.b.getData('/owned')).data?.toString()).toBe('first');
});

test('a node that clients of the target have closed to us is named likewise', async () => {
  await stage.a.create('/closed', 'first', { acl: openAcl });
  await waitFor(async () => (await stage.b.exists('/closed')).stat, { what: 'the copy' });
  const them = await connect({
    connectString: stage.target.connectString,
    auth: [{ scheme: 'digest', credentials: 'them:secret' }],
  });
  await them.setAcl('/closed', [{ perms: 31, scheme: 'digest', id: digestOf('them', 'secret') }]);
  const isClosed = async () => {
    await stage.a.sync('/');
    return stage.a.getData('/closed').then(
      () => false,
      () => true,
    );
  };
  await waitFor(isClosed, { what: 'the ACL to travel' });
  await them.setData('/closed', 'second');
  await them.close();
  expect(await entryOf('/closed')).toMatchObject({ what: 'refused by the source: NoAuth' });
  await expectOthersTravel('closed');
  expect((await engine.status()).state).toBe('syncing');
});
