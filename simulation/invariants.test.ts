/** Each invariant holds in a world that went well, and notices when just what it is about is broken afterwards. */
import { encodeCursor, type Side } from '@orchestrator/sync';
import { openAcl, type Txn, type TxnOp } from '@orchestrator/zookeeper';
import { beforeEach, describe, expect, test } from 'vitest';
import { cursorPath, type Invariant, markPath, type RunHistory } from './history.ts';
import { invariants } from './invariants.ts';
import { historyOf, scenarioOf } from './scenario.ts';
import { World } from './world.ts';

const engineSession = 0x2200_0000_0000_ffffn;
let world: World;
let history: RunHistory;

beforeEach(() => {
  world = new World({ ...scenarioOf(1), strategy: 'last-write-wins', faultEveryMs: 0, historyLossRate: 0 });
  expect(world.play()).toBe(true);
  history = historyOf(world);
});

const check = (name: string): string[] => {
  const invariant: Invariant | undefined = invariants[name];
  if (invariant === undefined) throw new Error(`no invariant is called ${name}`);
  return invariant(history);
};

const create = (path: string, text: string, ephemeralOwner = 0n): TxnOp => ({
  kind: 'create',
  path,
  data: Buffer.from(text),
  acl: openAcl,
  ephemeralOwner,
  parentCversion: -1,
});
const set = (path: string, text: string, version: number): TxnOp => ({
  kind: 'setData',
  path,
  data: Buffer.from(text),
  version,
});
const cursor = (term: number): TxnOp => ({
  kind: 'setData',
  path: cursorPath,
  data: encodeCursor({ term, multi: 0, zxid: 0n, seenZxid: 0n }),
  version: 1_000,
});

function aClient(side: Side): bigint {
  const [session] = world.clients[side].liveSessions;
  if (session === undefined) throw new Error(`the ${side} has no client`);
  return session;
}

/** One more transaction, in the log and, if it is to be, in the tree. */
function happen(side: Side, sessionId: bigint, ops: readonly TxnOp[], isInTree = true): Txn {
  const { log, tree } = world.ensembles[side];
  const txn: Txn = {
    zxid: (log.at(-1)?.zxid ?? 0n) + 1n,
    sessionId,
    cxid: 0,
    timeMs: world.clock.nowMs(),
    ops,
  };
  log.push(txn);
  if (isInTree) tree.apply(txn);
  return txn;
}

/** A node both sides have, made by the source's client and carried over. */
function settled(path: string, text = 'x'): void {
  happen('source', aClient('source'), [create(path, text)]);
  happen('target', engineSession, [cursor(999), create(path, text)]);
}

function nodeOf(side: Side, path: string) {
  const node = world.ensembles[side].tree.get(path);
  if (node === undefined) throw new Error(`the ${side} has no ${path}`);
  return node;
}

test.each(Object.keys(invariants))('%s holds in a world that went well', (name) => {
  settled('/settled');
  expect(check(name)).toEqual([]);
});

describe('treesAreEqual', () => {
  beforeEach(() => settled('/settled'));

  test.each<[string, () => void]>([
    ['other data', () => happen('target', engineSession, [set('/settled', 'y', 1)])],
    ['a missing node', () => happen('target', engineSession, [{ kind: 'delete', path: '/settled' }])],
    [
      'another ACL',
      () => {
        nodeOf('target', '/settled').acl = [];
      },
    ],
    [
      'another kind',
      () => {
        happen('target', engineSession, [{ kind: 'delete', path: '/settled' }]);
        happen('target', engineSession, [create('/settled', 'x', engineSession)]);
      },
    ],
  ])('sees %s', (_, corrupt) => {
    corrupt();
    expect(check('treesAreEqual')).toEqual([expect.stringContaining('/settled')]);
  });

  test('lets held paths differ', () => {
    happen('target', engineSession, [set('/settled', 'y', 1)]);
    expect(check('treesAreEqual')).toHaveLength(1);
    history = { ...history, held: new Set(['/settled']) };
    expect(check('treesAreEqual')).toEqual([]);
  });
});

test('versionsAreEqual sees a change that was applied once more', () => {
  settled('/settled');
  nodeOf('target', '/settled').stat.version++;
  expect(check('versionsAreEqual')).toEqual([expect.stringContaining('/settled')]);
});

describe('noWriteIsLost', () => {
  test.each<[string, TxnOp]>([
    ['a set', set('/settled', 'gone', 1)],
    ['a create', create('/other', 'gone')],
    ['a delete', { kind: 'delete', path: '/settled' }],
    ['a setACL', { kind: 'setAcl', path: '/settled', acl: [], aversion: 1 }],
  ])('sees %s that is nowhere in the end', (_, op) => {
    settled('/settled');
    happen('source', aClient('source'), [op], false);
    expect(check('noWriteIsLost')).toEqual([expect.stringContaining(op.kind)]);
  });

  test('takes a record of the conflict for an answer', () => {
    settled('/settled');
    const { zxid } = happen('source', aClient('source'), [set('/settled', 'gone', 1)], false);
    const id = `/settled@0x${zxid.toString(16)}-0x0`;
    const strategy = 'last-write-wins';
    const conflict = { id, path: '/settled', source: null, target: null, strategy } as const;
    history = { ...history, conflicts: [{ ...conflict, decision: 'target', reason: 'a test' }] };
    expect(check('noWriteIsLost')).toEqual([]);
  });
});

test('noEphemeralDiesEarly sees an engine delete the node of a client that lives', () => {
  const client = aClient('target');
  happen('target', client, [create('/mine', 'x', client)]);
  happen('target', engineSession, [cursor(999), { kind: 'delete', path: '/mine' }]);
  expect(check('noEphemeralDiesEarly')).toEqual([expect.stringContaining('/mine')]);
});

test('noEphemeralOutlives sees a copy whose original went with its session', () => {
  const origin = 0x1100_0000_0000_ffffn;
  const copy = { side: 'target', originSession: origin, mirrorSession: engineSession } as const;
  history = { ...history, mirrorSessions: [...history.mirrorSessions, copy] };
  happen('target', engineSession, [create('/copy', 'x', engineSession)]);
  expect(check('noEphemeralOutlives')).toEqual([expect.stringContaining('/copy')]);
});

describe('names of sequential nodes', () => {
  const number = (name: string, parentCversion: number) =>
    ({ ...create(`/queue/n-000000000${name}`, name), parentCversion }) as TxnOp & { path: string };
  /** A client gets a name from the server. */
  const give = (side: Side, name: string, parentCversion: number, text: string = side): void => {
    const op = { ...number(name, parentCversion), data: Buffer.from(text) };
    const { zxid } = happen(side, aClient(side), [op], false);
    world.clients[side].named.push({ path: op.path, zxid });
  };
  const carry = (name: string, parentCversion: number) =>
    happen('target', engineSession, [cursor(999), number(name, parentCversion)], false);
  const later = () => world.clock.advance(10);

  beforeEach(() => {
    settled('/queue');
    later();
  });

  test('noNameIsUsedTwice sees two clients with one name', () => {
    give('source', '0', 1);
    carry('0', 1);
    give('source', '1', 2);
    give('target', '1', 2);
    expect(check('noNameIsUsedTwice')).toEqual([expect.stringContaining('/queue/n-0000000001 was given')]);
  });

  test('noNameIsUsedTwice lets pass what nothing had come over for, if there is a record', () => {
    give('source', '0', 1);
    give('target', '0', 1);
    expect(check('noNameIsUsedTwice')).toEqual([expect.stringContaining('no conflict is on record')]);
    const [id, path] = ['x', '/queue/n-0000000000'];
    const conflict = { id, path, source: null, target: null, strategy: 'manual' } as const;
    history = { ...history, conflicts: [{ ...conflict, decision: 'source', reason: 'a test' }] };
    expect(check('noNameIsUsedTwice')).toEqual([]);
  });

  describe('below a parent that a client of the target has made anew', () => {
    const decided = (path: string) => {
      const conflict = { id: 'x', path, source: null, target: null, strategy: 'manual' } as const;
      return [{ ...conflict, decision: 'source', reason: 'a test' } as const];
    };

    test.each([
      ['lets pass a name after a copy that was on its way to the one before', 2, []],
      ['sees a name given twice after the counter was raised', 110, [expect.stringContaining('was given')]],
    ])('noNameIsUsedTwice %s', (_, counter, problems) => {
      happen('target', aClient('target'), [{ kind: 'delete', path: '/queue' }]);
      happen('target', aClient('target'), [create('/queue', 'anew')]);
      give('source', '0', 1);
      carry('0', counter);
      give('source', '1', 2);
      give('target', '1', counter + 1);
      history = { ...history, conflicts: decided('/queue/n-0000000001') };
      expect(check('noNameIsUsedTwice')).toEqual(problems);
    });
  });

  test('noNameIsUsedTwice lets pass what is the same on both sides', () => {
    give('source', '0', 1, 'same');
    give('target', '0', 1, 'same');
    expect(check('noNameIsUsedTwice')).toEqual([]);
  });

  test.each([
    ['lets pass what has become the same before anything came over', 'same', []],
    ['sees what has become another', 'other', [expect.stringContaining('no conflict is on record')]],
  ])('noNameIsUsedTwice %s', (_, value, problems) => {
    give('source', '0', 1);
    give('target', '0', 1, 'same');
    happen('source', aClient('source'), [set('/queue/n-0000000000', value, 1)]);
    expect(check('noNameIsUsedTwice')).toEqual(problems);
  });

  test('countersAreApart sees a first child that comes over without a gap', () => {
    history = { ...history, isGuarded: true };
    give('source', '0', 1);
    later();
    carry('0', 1);
    expect(check('countersAreApart')).toEqual([expect.stringContaining('the source is at 1')]);
  });

  test('countersAreApart is content with a counter that was raised before', () => {
    history = { ...history, isGuarded: true };
    give('source', '0', 1);
    later();
    carry('0', 101);
    expect(check('countersAreApart')).toEqual([]);
  });
});

test('nothingIsAppliedTwice sees a value carried over again', () => {
  settled('/settled');
  for (const version of [1, 2]) happen('target', engineSession, [cursor(999), set('/settled', 'y', version)]);
  expect(check('nothingIsAppliedTwice')).toEqual([expect.stringContaining('/settled y')]);
});

describe('deposedWritesNothing', () => {
  test.each<[string, TxnOp]>([
    ['a multi', cursor(998)],
    ['a mark', set(markPath, '998', 1)],
  ])('sees %s of a lower term', (_, op) => {
    happen('target', engineSession, [cursor(999)]);
    happen('target', engineSession, [op]);
    expect(check('deposedWritesNothing')).toEqual([expect.stringContaining('term 998 after 999')]);
  });
});

test('writesAreConditional sees a set that takes any version', () => {
  settled('/settled');
  const { target } = world.ensembles;
  target.submit(
    target.openSession(1_000),
    [{ kind: 'setData', path: '/settled', data: null, version: -1 }],
    true,
  );
  expect(check('writesAreConditional')).toEqual([expect.stringContaining('/settled')]);
});
