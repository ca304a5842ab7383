import { describe, expect, test } from 'vitest';
import { formatBytes, formatCount, formatDuration, formatTime } from './format.ts';
import { createLiveArea } from './live-area.ts';
import { createPaceMeter, renderBar, renderProgress } from './progress.ts';
import { createStyle, truncate, wantsColour, widthOf } from './style.ts';
import { renderFields, renderTable } from './table.ts';

const plain = createStyle(false);

test('numbers are written as people read them', () => {
  expect([0, 999, 1_000, 1_234_567].map(formatCount)).toEqual(['0', '999', '1,000', '1,234,567']);
  expect([512, 17_500_000, 10e12].map(formatBytes)).toEqual(['512 B', '17.5 MB', '10.0 TB']);
  expect([0.42, 350, 1_400, 12_000, 185_000, 7_620_000, 273_600_000].map(formatDuration)).toEqual([
    '0.4 ms',
    '350 ms',
    '1.4 s',
    '12 s',
    '3 min 05 s',
    '2 h 07 min',
    '3 d 4 h',
  ]);
  expect(formatTime(Date.UTC(2026, 10, 23, 8, 20, 15))).toBe('2026-11-23 08:20:15Z');
});

describe('style', () => {
  test('NO_COLOR wins, then FORCE_COLOR, then whether it is a terminal', () => {
    expect(wantsColour({}, true)).toBe(true);
    expect(wantsColour({}, false)).toBe(false);
    expect(wantsColour({ TERM: 'dumb' }, true)).toBe(false);
    expect(wantsColour({ FORCE_COLOR: '1' }, false)).toBe(true);
    expect(wantsColour({ FORCE_COLOR: '1', NO_COLOR: '1' }, true)).toBe(false);
  });

  test('width does not count escapes, and a cut is marked', () => {
    const red = createStyle(true).bad('failed');
    expect(widthOf(red)).toBe(6);
    expect(truncate(red, 4)).toBe('fai…');
    expect(truncate(red, 6)).toBe(red);
  });
});

describe('table', () => {
  const columns = [{ title: 'ID' }, { title: 'SIZE', align: 'right' as const }, { title: 'NOTE' }];

  test('columns are as wide as they need to be, numbers right', () => {
    const rows = [
      ['a', '1', 'first'],
      ['long-one', '1,000', ''],
    ];
    expect(renderTable({ columns, rows, style: plain })).toBe(
      ['ID         SIZE  NOTE', 'a             1  first', 'long-one  1,000'].join('\n'),
    );
  });

  test('the last column gives way to the terminal', () => {
    const rows = [['a', '1', 'a note that is longer than the terminal is wide']];
    const lines = renderTable({ columns, rows, style: plain, width: 30 }).split('\n');
    expect(Math.max(...lines.map(widthOf))).toBe(30);
    expect(lines[1]).toMatch(/…$/);
  });

  test('fields stand in one column', () => {
    expect(
      renderFields(
        [
          ['id', 'x'],
          ['status', 'running'],
        ],
        plain,
      ),
    ).toBe('id      x\nstatus  running');
  });
});

describe('progress', () => {
  const at = (done: number) => ({ stage: 'copying', done, total: 20_000, unit: 'znodes' });

  test('the rate is that of the last ten seconds, and gives the time left', () => {
    const meter = createPaceMeter();
    expect(meter.observe(at(0), 0)).toEqual({ perS: null, remainingMs: null });
    expect(meter.observe(at(10_000), 5_000)).toEqual({ perS: 2_000, remainingMs: 5_000 });
    expect(meter.observe(at(11_000), 15_000).perS).toBe(100);
  });

  test('another stage begins again', () => {
    const meter = createPaceMeter();
    meter.observe(at(10_000), 0);
    expect(meter.observe({ ...at(5), stage: 'verifying' }, 1_000).perS).toBeNull();
  });

  test('a bar is exact to an eighth of a column', () => {
    expect(renderBar(0, 4)).toBe('    ');
    expect(renderBar(0.5, 4)).toBe('██  ');
    expect(renderBar(1 / 32, 4)).toBe('▏   ');
    expect(renderBar(2, 4)).toBe('████');
  });

  test('the line has what is known and nothing else', () => {
    const pace = { perS: 4_200, remainingMs: 1_700 };
    expect(renderProgress({ advance: at(13_000), pace, style: plain, barWidth: 4 })).toBe(
      'copying  ██▋    65 %  13,000 of 20,000 znodes · 4,200/s · 1.7 s left',
    );
    const unknown = { stage: 'reading', done: 1_500_000, total: null, unit: 'bytes' };
    expect(
      renderProgress({
        advance: unknown,
        pace: { perS: null, remainingMs: null },
        style: plain,
        barWidth: 4,
      }),
    ).toBe('reading  1.5 MB');
  });
});

test('a live area redraws its own lines and leaves what is printed above them', () => {
  const written: string[] = [];
  const area = createLiveArea({ write: (text) => void written.push(text), columns: () => 20 });
  area.draw(['one', 'two']);
  area.print('kept');
  area.draw(['a line that is longer than the terminal']);
  area.end();
  const csi = '\u001b[';
  expect(written).toEqual([
    `${csi}?25lone\ntwo\n`,
    `${csi}2A${csi}0Jkept\none\ntwo\n`,
    `${csi}2A${csi}0Ja line that is lon…\n`,
    `${csi}?25h`,
  ]);
});
