import { describe, expect, it } from 'vitest';
import { emptyNode, isAlive, mergeNodes, type ReportNode } from './node.ts';
import { observeMetrics, observeNode, removedNode, repeatSampleAfterMs, topologyOf } from './observe.ts';
import { diffReports, mergeReports, type Report } from './report.ts';

const reportOf = (node: ReportNode): Report => ({
  topologies: new Map([['container', { ...topologyOf([]), nodes: new Map([['c', node]]) }]]),
});

const differenceOf = (before: ReportNode, after: ReportNode) =>
  diffReports(reportOf(before), reportOf(after)).topologies.get('container')?.nodes.get('c');

describe('a sighting', () => {
  it('gives a new time to what has changed, and to nothing else', () => {
    const first = observeNode(undefined, { latest: { name: 'web', state: 'running' } }, 10, 'p');
    const second = observeNode(first, { latest: { name: 'web', state: 'paused' } }, 20, 'p');
    expect(differenceOf(first, second)).toEqual({
      ...emptyNode,
      latest: new Map([['state', { timeMs: 20, value: 'paused' }]]),
    });
  });

  it('of the same is the same node', () => {
    const seen = { latest: { name: 'web' }, sets: { ips: ['10.0.0.1'] }, controls: ['stop'] };
    const node = observeNode(undefined, seen, 10, 'p');
    expect(observeNode(node, seen, 20, 'p')).toBe(node);
  });

  it('wins over the one before within the same millisecond', () => {
    const first = observeNode(undefined, { latest: { state: 'running' } }, 10, 'p');
    const second = observeNode(first, { latest: { state: 'paused' } }, 10, 'p');
    expect(mergeNodes(first, second).latest.get('state')?.value).toBe('paused');
    const gone = removedNode(second, 10);
    const again = observeNode(gone, { latest: { state: 'created' } }, 10, 'p');
    expect(isAlive(mergeNodes(second, gone))).toBe(false);
    expect(mergeNodes(mergeNodes(second, gone), again)).toEqual(again);
  });

  it('marks what is no longer there as removed', () => {
    const first = observeNode(undefined, { sets: { ips: ['a', 'b'] }, controls: ['stop'] }, 10, 'p');
    const second = observeNode(first, { sets: { ips: ['b'] } }, 20, 'p');
    expect(second.sets.get('ips')?.get('a')).toEqual({ timeMs: 20, value: undefined });
    expect(second.controls.get('stop')).toEqual({ timeMs: 20, value: undefined });
  });

  it('counts on from the time at which the count began, and anew when it went down', () => {
    const first = observeNode(undefined, { counters: { restarts: 2 } }, 10, 'p');
    const second = observeNode(first, { counters: { restarts: 5 } }, 20, 'p');
    const third = observeNode(second, { counters: { restarts: 1 } }, 30, 'p');
    expect(second.counters.get('restarts')?.get('p')).toEqual({ timeMs: 10, value: 5 });
    expect(mergeNodes(second, third).counters.get('restarts')?.get('p')).toEqual({ timeMs: 30, value: 1 });
  });
});

describe('a removed node', () => {
  it('is gone at once, and late news of it do not bring it back', () => {
    const node = observeNode(undefined, { latest: { name: 'web' } }, 10, 'p');
    const gone = removedNode(node, 30);
    const late = observeNode(node, { latest: { name: 'late' } }, 20, 'p');
    const merged = mergeNodes(mergeNodes(node, gone), late);
    expect(isAlive(merged)).toBe(false);
    expect(merged.latest.size).toBe(0);
  });

  it('can come back', () => {
    const gone = removedNode(observeNode(undefined, { latest: { name: 'web' } }, 10, 'p'), 30);
    const again = observeNode(gone, { latest: { name: 'web' } }, 40, 'p');
    expect(isAlive(mergeNodes(gone, again))).toBe(true);
  });

  it('is gone although the clock was set back', () => {
    const node = observeNode(undefined, {}, 100, 'p');
    expect(isAlive(removedNode(node, 50))).toBe(false);
  });
});

describe('a reading', () => {
  const node = observeNode(undefined, {}, 0, 'p');

  it('that repeats the last value is left out for a while', () => {
    const first = observeMetrics(node, { cpu: { value: 1 } }, 1000);
    expect(observeMetrics(first, { cpu: { value: 1 } }, 4000)).toBe(first);
    const late = observeMetrics(first, { cpu: { value: 1 } }, 1000 + repeatSampleAfterMs);
    expect(late.metrics.get('cpu')?.timesMs).toEqual([1000, 1000 + repeatSampleAfterMs]);
  });

  it('travels alone', () => {
    const first = observeMetrics(node, { cpu: { value: 1, min: 0, max: 100 } }, 1000);
    const second = observeMetrics(first, { cpu: { value: 2, min: 0, max: 100 } }, 4000);
    expect(differenceOf(first, second)?.metrics.get('cpu')).toMatchObject({ timesMs: [4000], values: [2] });
    expect(mergeReports(reportOf(first), diffReports(reportOf(first), reportOf(second)))).toEqual(
      reportOf(second),
    );
  });
});
