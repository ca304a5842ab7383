import { diffReports, emptyReport, isAlive } from '@orchestrator/report';
import { SimulatedClock } from '@orchestrator/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Board, createBoard, tombstonesKeptMs, type Urgency } from './board.ts';

let clock: SimulatedClock;
let board: Board;
let changes: Urgency[];

beforeEach(() => {
  clock = new SimulatedClock();
  changes = [];
  board = createBoard({ clock, writer: 'p', changed: (urgency) => changes.push(urgency) });
});

const node = (id: string) => board.report.topologies.get('host')?.nodes.get(id);

describe('a board', () => {
  it('says that something has changed only if it has', () => {
    board.see('host', 'a', { latest: { x: '1' } }, 'now');
    board.see('host', 'a', { latest: { x: '1' } }, 'now');
    board.remove('host', 'b');
    expect(changes).toEqual(['now']);
  });

  it('does not change a report that somebody has', async () => {
    board.see('host', 'a', {});
    const before = board.report;
    board.see('host', 'b', {});
    board.see('host', 'c', {});
    expect(before.topologies.get('host')?.nodes.size).toBe(1);
    const difference = diffReports(before, board.report);
    expect([...(difference.topologies.get('host')?.nodes.keys() ?? [])]).toEqual(['b', 'c']);
  });

  it('removes what a listing does not hold, and forgets that in time', () => {
    board.see('host', 'a', {});
    board.see('host', 'b', {});
    clock.advance(10);
    board.keepOnly('host', (id) => id === 'a');
    expect(isAlive(node('b')!)).toBe(false);
    expect(board.isAlive('host', 'a')).toBe(true);
    clock.advance(2 * tombstonesKeptMs);
    board.see('host', 'a', { latest: { x: '2' } });
    expect(node('b')).toBeUndefined();
    expect(node('a')).toBeDefined();
  });

  it('goes on telling what changes after the clock was set back', () => {
    board.see('host', 'a', { latest: { x: '2' } });
    const before = board.report;
    clock.advance(10);
    clock.jumpWallClock(-3_600_000);
    board.see('host', 'a', { latest: { x: '1' } });
    const told = diffReports(before, board.report).topologies.get('host')?.nodes.get('a');
    expect(told?.latest.get('x')?.value).toBe('1');
    board.remove('host', 'a');
    expect(isAlive(node('a')!)).toBe(false);
  });

  it('takes readings of nodes that are there', () => {
    board.see('host', 'a', {});
    board.read('host', 'a', { cpu: { value: 1 } });
    board.read('host', 'nobody', { cpu: { value: 1 } });
    expect(node('a')?.metrics.get('cpu')?.values).toEqual([1]);
    expect(diffReports(emptyReport, board.report).topologies.get('host')?.nodes.size).toBe(1);
  });
});
