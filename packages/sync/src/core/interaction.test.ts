/**
 * The core's main flows as transcripts one can read: each line of `testdata/*.txt` that starts with `>` is something that
 * happens, the lines after it are what the core wants done. `UPDATE_TRANSCRIPTS=1 npx vitest run interaction` writes them
 * anew; then read the difference.
 *
 *     > node [SIDE] /PATH DATA                 there before the start; on both sides, unless one is named
 *     > start STRATEGY                         with term 2; both cursors are read and claimed
 *     > SIDE client OP; OP; …                  a client's transaction: create, ephemeral, set, acl or delete PATH [DATA]
 *     > SIDE ends                              that side's client session ends
 *     > SIDE applies N                         the multi N is done, answered, and comes back in the stream
 *     > SIDE applies N unanswered              done and in the stream, but the answer is lost
 *     > SIDE fails N at INDEX CODE             refused
 *     > SIDE passes                            its stream goes on, past what failed
 *     > SIDE loses N                           neither answer nor effect
 *     > SIDE copies N                          the ephemerals of request N are there
 *     > SIDE cursor                            the cursor is read, as it is now
 *     > SIDE values                            the reads that this side was asked for last are answered
 *     > SIDE deposed                           a leader with a higher term shows in the stream
 *     > recorded                               the last conflict is in the store
 *     > resolve PATH SIDE, > reconcile PATH, > tick
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createTree, openAcl, type Tree, type Txn, type TxnOp } from '@orchestrator/zookeeper';
import { describe, expect, test } from 'vitest';
import { encodeCursor, ownZnodes } from '../znodes.ts';
import { type Core, createCore } from './core.ts';
import type { Action, ConflictStrategy, Cursor, Event, Side, WriteOp } from './types.ts';

const znodes = ownZnodes('m');
const clients = { source: 0xan, target: 0xbn };
const ourSession = 0xen;
const mirrorSession = 0xfn;
const sidesOf = ['source', 'target'] as const;
const isSide = (word: string | undefined): word is Side => word === 'source' || word === 'target';

interface Place {
  readonly tree: Tree;
  zxid: bigint;
  cursor: Cursor;
  cursorVersion: number;
  fenceVersion: number;
}

class Interaction {
  readonly #places: Record<Side, Place>;
  #core: Core | undefined;
  #nowMs = 0;
  /** All that the core has asked for so far. */
  readonly #asked: Action[] = [];
  #new: Action[] = [];

  constructor() {
    const place = (zxid: bigint): Place => ({
      tree: createTree({ retainData: true }),
      zxid,
      cursor: { term: 1, multi: 0, zxid: 0n, seenZxid: 0n },
      cursorVersion: 0,
      fenceVersion: 0,
    });
    this.#places = { source: place(0x100n), target: place(0x200n) };
    for (const path of ['/orchestrator-sync', znodes.folder, znodes.cursor, znodes.fence, znodes.mark])
      this.#node(path, '');
  }

  /** What the core answers to one line, a line each. */
  run(command: string): string[] {
    this.#nowMs += 10;
    const [first = '', second = '', ...rest] = command.split(' ');
    if (first === 'node' && isSide(second)) this.#node(rest[0] ?? '', rest.slice(1).join(' '), [second]);
    else if (first === 'node') this.#node(second, rest.join(' '));
    else if (first === 'start') this.#start(second as ConflictStrategy);
    else if (first === 'recorded') this.#recorded();
    else if (first === 'tick') this.#handle({ kind: 'tick' });
    else if (first === 'reconcile') this.#handle({ kind: 'reconcile', paths: [second] });
    else if (first === 'resolve' && isSide(rest[0]))
      this.#handle({ kind: 'resolve', path: second, winner: rest[0] });
    else if (isSide(first)) this.#at(first, second, rest);
    else throw new Error(`no such command: ${command}`);
    return this.#new.splice(0).map(show);
  }

  #at(side: Side, verb: string, rest: readonly string[]): void {
    const place = this.#places[side];
    switch (verb) {
      case 'client':
        this.#stream(
          side,
          clients[side],
          rest
            .join(' ')
            .split('; ')
            .map((op) => this.#clientOp(side, op)),
        );
        break;
      case 'ends':
        this.#stream(side, clients[side], [
          { kind: 'closeSession', paths: place.tree.ephemeralsOf(clients[side]) },
        ]);
        break;
      case 'applies':
        this.#applies(side, Number(rest[0]), rest[1] !== 'unanswered');
        break;
      case 'fails':
        place.zxid++;
        this.#handle({
          kind: 'applyFailed',
          side,
          batch: Number(rest[0]),
          index: Number(rest[2]),
          code: rest[3] ?? '',
          zxid: place.zxid,
        });
        break;
      case 'passes':
        this.#stream(side, ourSession, [{ kind: 'none' }]);
        break;
      case 'loses':
        this.#handle({ kind: 'applyUnknown', side, batch: Number(rest[0]) });
        break;
      case 'copies':
        this.#copies(side, Number(rest[0]));
        break;
      case 'cursor':
        this.#readCursor(side);
        break;
      case 'values':
        this.#values(side);
        break;
      case 'deposed':
        place.cursor = { ...place.cursor, term: 3 };
        this.#stream(side, 0xdn, [this.#cursorOp(place)]);
        break;
      default:
        throw new Error(`a side does not do "${verb}"`);
    }
  }

  #node(path: string, data: string, sides: readonly Side[] = sidesOf): void {
    for (const side of sides) this.#commit(side, clients[side], [create(path, data, 0n)]);
  }

  #start(strategy: ConflictStrategy): void {
    const start = (side: Side) => {
      const place = this.#places[side];
      place.cursor = {
        term: 1,
        multi: 0,
        zxid: this.#places[side === 'source' ? 'target' : 'source'].zxid,
        seenZxid: place.zxid,
      };
      return {
        mirror: place.tree,
        traits: { hasHistory: true, hasContainers: true, hasTtl: true },
        window: [],
      };
    };
    const sides = { source: start('source'), target: start('target') };
    this.#core = createCore({ migrationId: 'm', term: 2, strategy, sequenceGap: 0, sides });
    this.#handle({ kind: 'start' });
    for (const side of sidesOf) this.#readCursor(side);
    for (const claim of this.#new.filter((action) => action.kind === 'apply')) {
      this.#applies(claim.side, claim.batch, true);
    }
  }

  #handle(event: Event): void {
    const actions = this.#core?.handle(event) ?? [];
    this.#asked.push(...actions);
    this.#new.push(...actions);
  }

  #commit(side: Side, sessionId: bigint, ops: readonly TxnOp[]): Txn {
    const place = this.#places[side];
    place.zxid++;
    const txn: Txn = { zxid: place.zxid, sessionId, cxid: 0, timeMs: this.#nowMs, ops };
    if (this.#core === undefined) place.tree.apply(txn);
    return txn;
  }

  #stream(side: Side, sessionId: bigint, ops: readonly TxnOp[]): void {
    const txns = [this.#commit(side, sessionId, ops)];
    this.#handle({ kind: 'txns', side, txns, arrivedMs: this.#nowMs });
  }

  #clientOp(side: Side, text: string): TxnOp {
    const [kind, path = '', ...words] = text.split(' ');
    const { tree } = this.#places[side];
    const stat = tree.get(path)?.stat;
    const data = words.join(' ');
    if (kind === 'create') return create(path, data, 0n);
    if (kind === 'ephemeral') return create(path, data, clients[side]);
    if (kind === 'delete') return { kind: 'delete', path };
    if (kind === 'acl') {
      const acl = [{ perms: Number(words[0]), scheme: 'world', id: 'anyone' }];
      return { kind: 'setAcl', path, acl, aversion: (stat?.aversion ?? 0) + 1 };
    }
    return { kind: 'setData', path, data: Buffer.from(data), version: (stat?.version ?? 0) + 1 };
  }

  #cursorOp(place: Place): TxnOp {
    const data = encodeCursor(place.cursor);
    return { kind: 'setData', path: znodes.cursor, data, version: ++place.cursorVersion };
  }

  #applies(side: Side, id: number, isAnswered: boolean): void {
    const place = this.#places[side];
    const asked = this.#asked.find((action) => 'batch' in action && action.batch === id);
    if (asked?.kind === 'applyAcl') {
      const { path, acl, aversion } = asked;
      this.#stream(side, ourSession, [{ kind: 'setAcl', path, acl, aversion: aversion + 1 }]);
    } else if (asked?.kind === 'apply') {
      place.cursor = asked.cursor;
      if (asked.ops.some((op) => op.kind === 'setData' && op.path === znodes.fence)) place.fenceVersion++;
      this.#stream(side, ourSession, [this.#cursorOp(place), ...asked.ops.map(asTxnOp)]);
    } else throw new Error(`nothing was asked for as ${id}`);
    const { zxid } = place;
    this.#handle(
      isAnswered ? { kind: 'applied', side, batch: id, zxid } : { kind: 'applyUnknown', side, batch: id },
    );
  }

  #copies(side: Side, id: number): void {
    const asked = this.#asked.find((action) => action.kind === 'applyEphemerals' && action.batch === id);
    if (asked?.kind !== 'applyEphemerals') throw new Error(`no copies were asked for as ${id}`);
    for (const { path, data, acl, originSession } of asked.creates) {
      this.#handle({ kind: 'mirrorSessionOpened', session: { side, originSession, mirrorSession } });
      const mark: TxnOp = { kind: 'setData', path: znodes.mark, data: Buffer.from('2'), version: 1 };
      const copy: TxnOp = {
        kind: 'create',
        path,
        data,
        acl,
        ephemeralOwner: mirrorSession,
        parentCversion: -1,
      };
      this.#stream(side, mirrorSession, [{ kind: 'none' }, mark, copy]);
    }
    this.#handle({ kind: 'ephemeralsApplied', side, batch: id, zxid: this.#places[side].zxid, failed: [] });
  }

  #readCursor(side: Side): void {
    const { cursor, cursorVersion: version, fenceVersion, zxid } = this.#places[side];
    this.#handle({ kind: 'cursorRead', side, cursor, version, fenceVersion, zxid });
  }

  #values(side: Side): void {
    const asked = this.#asked.findLast((action) => action.kind === 'read' && action.side === side);
    if (asked?.kind !== 'read') throw new Error(`nothing was read from the ${side}`);
    const value = (path: string) => {
      const node = this.#places[side].tree.get(path);
      if (node === undefined) return null;
      const { version, aversion, mzxid, mtime } = node.stat;
      return { data: node.data ?? null, acl: node.acl, version, aversion, mzxid, timeMs: mtime };
    };
    const values = new Map(asked.paths.map((path) => [path, value(path)]));
    this.#handle({ kind: 'values', request: asked.request, values });
  }

  #recorded(): void {
    const asked = this.#asked.findLast((action) => action.kind === 'recordConflict');
    if (asked?.kind !== 'recordConflict') throw new Error('there was no conflict');
    this.#handle({ kind: 'conflictRecorded', id: asked.conflict.id });
  }
}

const create = (path: string, data: string, ephemeralOwner: bigint): TxnOp => ({
  kind: 'create',
  path,
  data: Buffer.from(data),
  acl: openAcl,
  ephemeralOwner,
  parentCversion: -1,
});

function asTxnOp(op: WriteOp): TxnOp {
  if (op.kind === 'check') return { kind: 'none' };
  if (op.kind === 'delete') return { kind: 'delete', path: op.path };
  if (op.kind === 'setData') return { ...op, version: op.version + 1 };
  return create(op.path, op.data?.toString() ?? '', 0n);
}

const hex = (zxid: bigint) => `0x${zxid.toString(16)}`;
const showCursor = ({ zxid, seenZxid }: Cursor) => `cursor ${hex(zxid)} seen ${hex(seenZxid)}`;

function showOp(op: WriteOp): string {
  const path = op.path.replace(`${znodes.folder}/`, '');
  if (op.kind === 'check') return `check ${path} v${op.version}`;
  if (op.kind === 'create')
    return `create ${path} "${op.data}"${op.mode === 'persistent' ? '' : ` ${op.mode}`}`;
  if (op.kind === 'delete') return `delete ${path} v${op.version}`;
  return `set ${path} "${op.data}" v${op.version}`;
}

function show(action: Action): string {
  switch (action.kind) {
    case 'apply': {
      const ops = action.ops.map(showOp).join('; ');
      return `${action.side}: multi ${action.batch}: ${showCursor(action.cursor)} v${action.cursorVersion}; ${ops}`;
    }
    case 'applyAcl':
      return `${action.side}: acl ${action.batch}: ${action.path} ${action.acl[0]?.perms} v${action.aversion}`;
    case 'applyEphemerals': {
      const creates = action.creates.map(
        ({ path, data, originSession }) => `${path} "${data}" of ${hex(originSession)}`,
      );
      return `${action.side}: ephemerals ${action.batch}: ${creates.join('; ')}`;
    }
    case 'recordConflict': {
      const { path, source, target, decision, reason } = action.conflict;
      const value = (of: typeof source) => (of === null ? 'nothing' : `"${of.data}"`);
      return `store: conflict ${path}: source ${value(source)}, target ${value(target)}: ${decision} (${reason})`;
    }
    case 'read':
      return `${action.side}: read ${action.paths.join(' ')}`;
    case 'readCursor':
      return `${action.side}: read the cursor`;
    case 'closeMirrorSession':
      return `${action.side}: end the mirror session of ${hex(action.originSession)}`;
    case 'state':
      return `state: ${action.state}`;
    case 'synced':
      return `synced: ${action.changes} of the ${action.from}`;
    case 'deposed':
      return `deposed by term ${action.term}`;
    case 'carriedOut':
      return `store: ${action.path} is as it was decided`;
    case 'released':
      return `store: ${action.path} is held no more`;
    case 'ledger':
      return `ledger: ${action.path}: ${action.what} (${action.why})`;
    default:
      return action.kind;
  }
}

function replay(transcript: string): string {
  const interaction = new Interaction();
  const lines: string[] = [];
  for (const line of transcript.split('\n')) {
    if (line.startsWith('> ')) lines.push(line, ...interaction.run(line.slice(2)).map((each) => `  ${each}`));
    else if (!line.startsWith('  ')) lines.push(line);
  }
  return lines.join('\n');
}

describe('transcripts', () => {
  const folder = new URL('testdata/', import.meta.url);
  test.each(readdirSync(folder).filter((name) => name.endsWith('.txt')))('%s', (name) => {
    const file = new URL(name, folder);
    const expected = readFileSync(file, 'utf8');
    const now = replay(expected);
    if (process.env.UPDATE_TRANSCRIPTS === '1') writeFileSync(file, now);
    else expect(now).toBe(expected);
  });
});
