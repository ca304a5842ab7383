import { describe, expect, it } from 'vitest';
import { type DrawOptions, draw } from './drawn.ts';
import type { NodeSummary } from './schema.ts';

interface Facts {
  readonly state?: string;
  readonly minor?: string;
  readonly cpu?: number;
  readonly to?: readonly string[];
}

function container(
  id: string,
  { state = 'running', minor = 'alpha', cpu, to = [] }: Facts = {},
): NodeSummary {
  const metric = { id: 'cpu', label: 'CPU', format: 'percent', priority: 1, samples: null, min: 0, max: 100 };
  return {
    ...{ id, label: id, labelMinor: minor, rank: `image-${id.charAt(0)}`, shape: 'hexagon' },
    metadata: [{ id: 'docker_container_state', label: 'State', value: state, priority: 1 }],
    parents: [{ id: `${id.charAt(0)};<image>`, label: id.charAt(0), topologyId: 'images' }],
    ...(cpu === undefined ? {} : { metrics: [{ ...metric, value: cpu }] }),
    adjacency: [...to],
    flows: to.map((other) => ({ id: other, connections: 2, sentBytesPerS: 70, receivedBytesPerS: 30 })),
  };
}

const plain: DrawOptions = { group: undefined, open: new Set(), metric: undefined, measure: undefined };
const drawnOf = (nodes: readonly NodeSummary[], options: Partial<DrawOptions> = {}) =>
  draw(new Map(nodes.map((node) => [node.id, node])), { ...plain, ...options });

describe('what is written below a name', () => {
  it('is its place, or what it is one of where all are in the same place', () => {
    const apart = drawnOf([container('a1'), container('b1', { minor: 'beta' })]);
    expect(apart.nodes.map(({ minor }) => minor)).toEqual(['alpha', 'beta']);
    const together = drawnOf([container('a1'), container('b1')]);
    expect(together.nodes.map(({ minor }) => minor)).toEqual(['image-a', 'image-b']);
  });

  it('begins with how it is doing where that is not well', () => {
    const [well, paused] = drawnOf([container('a1'), container('b1', { state: 'paused' })]).nodes;
    expect(well?.minor).toBe('image-a');
    expect(paused).toMatchObject({ minor: 'paused · image-b', tone: 'warn' });
  });

  it('is the value that sizes it, of all that there could be and of the most that there is', () => {
    const measure = { full: 100, largest: 5 };
    const [node] = drawnOf([container('a1', { cpu: 2.5 })], { metric: 'cpu', measure }).nodes;
    expect(node).toMatchObject({ minor: '2.5 %', level: 0.025, size: 0.5 });
  });
});

describe('closed groups', () => {
  const nodes = [
    container('a1', { to: ['b1', 'b2'] }),
    container('a2', { to: ['b1'], state: 'paused' }),
    container('b1'),
    container('b2'),
    container('c1'),
  ];

  it('are one node each, with what flows between them summed up; one alone is itself', () => {
    const { nodes: drawn, edges, tones } = drawnOf(nodes, { group: 'parent:images' });
    expect(drawn.map(({ label, members, tone }) => [label, members, tone])).toEqual([
      ['a', 2, 'warn'],
      ['b', 2, 'ok'],
      ['c1', 0, 'ok'],
    ]);
    expect(edges).toEqual([{ from: 'group a', to: 'group b', count: 3, connections: 6, bytesPerS: 300 }]);
    expect(Object.fromEntries(tones)).toEqual({ ok: 4, warn: 1 });
  });

  it('when opened are their members', () => {
    const { nodes: drawn, edges } = drawnOf(nodes, { group: 'parent:images', open: new Set(['a']) });
    expect(drawn.filter(({ group }) => group === 'a').map(({ id }) => id)).toEqual(['a1', 'a2']);
    expect(edges.map(({ from, to, count }) => [from, to, count])).toEqual([
      ['a1', 'group b', 2],
      ['a2', 'group b', 1],
    ]);
  });
});
