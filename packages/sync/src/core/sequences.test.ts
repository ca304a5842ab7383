import { createTree, openAcl, parentPath, type Tree, type Txn, type TxnOp } from '@orchestrator/zookeeper';
import { expect, test } from 'vitest';
import { encodeCursor, ownZnodes } from '../znodes.ts';
import { type Core, createCore } from './core.ts';
import type { CoreOptions } from './options.ts';
import type { Action, Cursor, Side, WriteOp } from './types.ts';

const znodes = ownZnodes('m');
const traits = { hasHistory: true, hasContainers: true, hasTtl: true };
const sidesOf = ['source', 'target'] as const;
const clientSession = 7n;
const ourSession = 9n;

type Apply = Extract<Action, { kind: 'apply' }>;

/** A side that does what it is told; only the mirror, which the core keeps, holds its state. */
interface ModelSide {
  readonly mirror: Tree;
  zxid: bigint;
  cursor: Cursor;
  version: number;
}

interface Bench {
  readonly sides: Readonly<Record<Side, ModelSide>>;
  /** All multis to the target since the start of the steady stream. */
  readonly multis: Apply[];
  readonly ledger: Extract<Action, { kind: 'ledger' }>[];
  /** A client's transaction, and all that follows from it. */
  client(side: Side, ...ops: readonly TxnOp[]): void;
  counter(side: Side, path: string): number;
}

const create = (path: string): TxnOp => ({
  kind: 'create',
  path,
  data: null,
  acl: openAcl,
  ephemeralOwner: 0n,
  parentCversion: -1,
});
const remove = (path: string): TxnOp => ({ kind: 'delete', path });

function createSide(paths: readonly string[]): ModelSide {
  const mirror = createTree();
  const own = [znodes.folder, znodes.cursor, znodes.fence];
  const ops = [parentPath(znodes.folder), ...own, ...paths].map(create);
  mirror.apply({ zxid: 1n, sessionId: clientSession, cxid: 0, timeMs: 0, ops });
  return { mirror, zxid: 1n, cursor: { term: 0, multi: 0, zxid: 1n, seenZxid: 1n }, version: 0 };
}

/** A core in its steady stream between two sides that hold `paths`. */
function startBench(
  options: Partial<CoreOptions>,
  paths: readonly string[],
  refuses?: (op: WriteOp) => boolean,
): Bench {
  const sides = { source: createSide(paths), target: createSide(paths) };
  const start = (side: Side) => ({ mirror: sides[side].mirror, traits, window: [] });
  const core: Core = createCore({
    migrationId: 'm',
    term: 1,
    strategy: 'source-wins',
    ...options,
    sides: { source: start('source'), target: start('target') },
  });
  const multis: Apply[] = [];
  const ledger: Bench['ledger'] = [];
  const waiting: Action[] = [];

  const commit = (side: Side, sessionId: bigint, ops: readonly TxnOp[]) => {
    const here = sides[side];
    const txn: Txn = { zxid: ++here.zxid, sessionId, cxid: 0, timeMs: 0, ops };
    waiting.push(...core.handle({ kind: 'txns', side, txns: [txn], arrivedMs: 0 }));
    return txn.zxid;
  };

  const apply = ({ side, batch, cursor, ops }: Apply) => {
    const refused = ops.findIndex((op) => refuses?.(op) === true);
    if (refused !== -1) {
      const zxid = commit(side, ourSession, [{ kind: 'none' }]);
      const index = refused + 1;
      waiting.push(...core.handle({ kind: 'applyFailed', side, batch, index, code: 'NoAuth', zxid }));
      return;
    }
    const here = sides[side];
    here.cursor = cursor;
    const data = encodeCursor(cursor);
    const mark: TxnOp = { kind: 'setData', path: znodes.cursor, data, version: ++here.version };
    const zxid = commit(side, ourSession, [mark, ...ops.map(asTxnOp)]);
    waiting.push(...core.handle({ kind: 'applied', side, batch, zxid }));
  };

  const settle = () => {
    for (let action = waiting.shift(); action !== undefined; action = waiting.shift()) {
      if (action.kind === 'apply') {
        if (action.side === 'target') multis.push(action);
        apply(action);
      } else if (action.kind === 'readCursor') {
        const { side } = action;
        const { cursor, version, zxid } = sides[side];
        waiting.push(...core.handle({ kind: 'cursorRead', side, cursor, version, fenceVersion: 0, zxid }));
      } else if (action.kind === 'ledger') ledger.push(action);
      else if (action.kind === 'proceed') waiting.push(...core.handle({ kind: 'proceed' }));
    }
  };

  waiting.push(...core.handle({ kind: 'start' }));
  settle();
  expect(core.status().state).toBe('syncing');
  return {
    sides,
    multis,
    ledger,
    client(side, ...ops) {
      commit(side, clientSession, ops);
      settle();
    },
    counter: (side, path) => sides[side].mirror.get(path)?.stat.cversion ?? -1,
  };
}

function asTxnOp(op: WriteOp): TxnOp {
  if (op.kind === 'create') return create(op.path);
  if (op.kind === 'delete') return remove(op.path);
  return op.kind === 'setData' ? { ...op, version: op.version + 1 } : { kind: 'none' };
}

const name = (parent: string, number: number) => `${parent}/n-${`${number}`.padStart(10, '0')}`;
const isGap = (op: WriteOp) => op.path.endsWith('/orchestrator-gap');
const multisWithGap = ({ multis }: Bench) => multis.filter(({ ops }) => ops.some(isGap));

test('a parent that has sequential children is raised at the start, in bounded multis, and once only', () => {
  const bench = startBench({ sequenceGap: 1_200 }, ['/q', name('/q', 0)]);
  expect(bench.counter('target', '/q')).toBe(1_201);
  expect(bench.counter('source', '/q')).toBe(1);
  expect(multisWithGap(bench).map(({ ops }) => ops.filter(isGap).length)).toEqual([1_000, 1_000, 400]);
  for (const side of sidesOf) expect(bench.sides[side].mirror.children('/q')).toEqual([name('/q', 0)]);
  const again = bench.multis.length;
  bench.client('source', create(name('/q', 1)));
  expect(multisWithGap({ ...bench, multis: bench.multis.slice(again) })).toEqual([]);
});

test('every multi that raises writes the cursor, checks the fence, and leaves nothing behind', () => {
  const bench = startBench({ sequenceGap: 700 }, ['/q', name('/q', 0)]);
  for (const { ops } of multisWithGap(bench)) {
    expect(ops[0]).toMatchObject({ kind: 'check', path: znodes.fence });
    const kinds = ops.slice(1).map(({ kind }) => kind);
    expect(kinds).toEqual(kinds.map((_, i) => (i % 2 === 0 ? 'create' : 'delete')));
  }
});

test('the multi that carries the first sequential child raises its parent, and the rest follows', () => {
  const bench = startBench({ sequenceGap: 1_000 }, ['/q']);
  expect(multisWithGap(bench)).toEqual([]);
  bench.client('source', create(name('/q', 0)));
  const carrier = bench.multis.find(({ ops }) => ops.some(({ path }) => path === name('/q', 0)));
  expect(carrier?.ops.filter(isGap)).toHaveLength(2 * 101);
  expect(carrier?.ops.at(-1)).toMatchObject({ kind: 'create', path: name('/q', 0) });
  expect(bench.counter('target', '/q') - bench.counter('source', '/q')).toBe(1_000);
});

test('a first sequential child of a client of the target has its parent raised there, not on the source', () => {
  const bench = startBench({ sequenceGap: 1_000 }, ['/q']);
  bench.client('target', create(name('/q', 0)));
  expect(bench.counter('source', '/q')).toBe(1);
  expect(bench.counter('target', '/q')).toBeGreaterThanOrEqual(1_001);
  expect(bench.sides.source.mirror.children('/q')).toEqual([name('/q', 0)]);
});

test('creates that are not carried use the gap up; at three quarters it is raised again', () => {
  const bench = startBench({ sequenceGap: 160 }, ['/q', name('/q', 0)]);
  const distance = () => bench.counter('target', '/q') - bench.counter('source', '/q');
  let number = 1;
  let lowest = distance();
  for (; number <= 400; number++) {
    // An ephemeral that goes in the transaction that brought it is not carried: the source's counter moves alone.
    const shortLived = { ...create('/q/gone'), ephemeralOwner: clientSession };
    bench.client('source', shortLived, remove('/q/gone'));
    if (number % 2 === 0) bench.client('source', create(name('/q', number)));
    lowest = Math.min(lowest, distance());
  }
  // A quarter of 160, looked at once in ten creates.
  expect(lowest).toBeLessThan(50);
  expect(lowest).toBeGreaterThan(29);
});

test('a parent that is made anew is raised in the multi that makes it', () => {
  const bench = startBench({ sequenceGap: 400 }, ['/q', name('/q', 0)]);
  bench.client('source', remove(name('/q', 0)), remove('/q'));
  expect(bench.counter('target', '/q')).toBe(-1);
  const before = bench.multis.length;
  bench.client('source', create('/q'));
  const [maker] = bench.multis.slice(before);
  expect(maker?.ops.filter(isGap)).toHaveLength(2 * 100);
  expect(bench.counter('target', '/q')).toBe(400);
});

test('an election group is raised before it has a member, and never on the source', () => {
  const bench = startBench({ sequenceGap: 500, electionGroups: ['/mesos'] }, ['/mesos']);
  expect(bench.counter('target', '/mesos')).toBe(500);
  expect(bench.counter('source', '/mesos')).toBe(0);
});

test('only what is in scope is raised, and nothing at all with a gap of 0', () => {
  const paths = ['/q', name('/q', 0), '/other', name('/other', 0)];
  const bench = startBench({ sequenceGap: 50, excludes: ['/other'] }, paths);
  expect([bench.counter('target', '/q'), bench.counter('target', '/other')]).toEqual([51, 1]);
  expect(multisWithGap(startBench({ sequenceGap: 0 }, paths))).toEqual([]);
});

test('a target that refuses is on the ledger with a remedy, once, and children travel on', () => {
  const bench = startBench({ sequenceGap: 1_000 }, ['/q'], isGap);
  for (const number of [0, 1, 2]) bench.client('source', create(name('/q', number)));
  expect(bench.sides.target.mirror.children('/q')).toHaveLength(3);
  expect(bench.ledger).toEqual([
    {
      kind: 'ledger',
      path: '/q',
      what: expect.stringContaining('sequence counter not raised'),
      why: expect.stringMatching(/NoAuth.*reconcile/),
    },
  ]);
});

test('counters that lie too far apart are left to a seed, and named', () => {
  const bench = startBench({ sequenceGap: 1_000, limits: { maxCounterRaise: 999 } }, ['/q', name('/q', 0)]);
  expect(multisWithGap(bench)).toEqual([]);
  expect(bench.ledger).toMatchObject([{ path: '/q', why: expect.stringContaining('999') }]);
});

test('what we create and delete is never carried back', () => {
  const bench = startBench({ sequenceGap: 1_000 }, ['/q', name('/q', 0)]);
  bench.client('target', create(name('/q', 1_001)));
  expect(bench.sides.source.mirror.has('/q/orchestrator-gap')).toBe(false);
  expect(bench.counter('source', '/q')).toBe(2);
});
