import { observeMetrics, observeNode, type Report, type Template, topologyOf } from '@orchestrator/report';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MonitorError } from '../errors.ts';
import { findView } from '../view/definitions.ts';
import { createRenderer } from '../view/renderer.ts';
import { completeQuery } from './complete.ts';
import { parseQuery } from './parse.ts';

const templates: readonly Template[] = [
  ...([
    { kind: 'metric', id: 'docker_cpu_total_usage', label: 'CPU', priority: 1, format: 'percent', group: '' },
    {
      kind: 'metric',
      id: 'docker_memory_usage',
      label: 'Memory',
      priority: 2,
      format: 'filesize',
      group: '',
    },
  ] as const),
  {
    ...{ kind: 'metadata', id: 'docker_container_state', label: 'State', priority: 1, from: 'latest' },
    ...{ dataType: '', truncate: 0 },
  },
];

function container(name: string, tier: string, state: string, cpu: number, memory: number) {
  const latest = { docker_container_name: name, docker_label_Tier: tier, docker_container_state: state };
  const node = observeNode(undefined, { latest }, 1, 'p');
  const readings = { docker_cpu_total_usage: { value: cpu }, docker_memory_usage: { value: memory } };
  return observeMetrics(node, readings, 2);
}

const report: Report = {
  topologies: new Map([
    [
      'container',
      {
        ...topologyOf(templates),
        nodes: new Map([
          ['a', container('web-1', 'front', 'running', 80, 200e6)],
          ['b', container('web-2', 'front', 'paused', 0, 50e6)],
          ['c', container('data base', 'back', 'running', 30, 2e9)],
        ]),
      },
    ],
  ]),
};

function nodesFor(query: string) {
  const view = findView('containers');
  if (view === undefined) throw new Error('no view');
  return createRenderer().render(report, { view, options: {}, query }).nodes;
}

const found = (query: string) => [...nodesFor(query).keys()].sort().join('');

test.each([
  ['', 'abc'],
  ['web', 'ab'],
  ['WEB -paused', 'a'],
  ['"data base"', 'c'],
  ['label.Tier=front', 'ab'],
  ['label.Tier:ack', 'c'],
  ['label.Tier!=front', 'c'],
  ['cpu>50%', 'a'],
  ['cpu >= 30', 'ac'],
  ['memory < 100MB', 'b'],
  ['docker_memory_usage>1GiB', 'c'],
  ['state=paused or cpu>50', 'ab'],
  ['not (state=paused or cpu>50)', 'c'],
  ['web and not state:paus', 'a'],
  ['type:container name=web-1', 'a'],
  ['"or"', ''],
  ['nothing:here', ''],
])('%s finds %s', (query, expected) => expect(found(query)).toBe(expected));

test.each([
  ['web (', 5],
  ['web )', 5],
  ['cpu>', 5],
  ['cpu>much', 5],
  ['"open', 1],
  ['= 5', 1],
  ['a or', 5],
  ['label.=x', 1],
])('%s is refused at character %i', (query, position) => {
  expect(() => parseQuery(query)).toThrow(`at character ${position} of `);
});

test('whatever is typed is understood or refused, never anything else', () => {
  const pieces = fc.constantFrom(
    'web',
    'or',
    'not',
    'and',
    '(',
    ')',
    ':',
    '>',
    '!=',
    '"',
    '-',
    '50%',
    'label.',
    ' ',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
      try {
        parseQuery(parts.join(''));
      } catch (error) {
        expect(error).toBeInstanceOf(MonitorError);
      }
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['lab', 3, ['label.Tier']],
  ['web label.Tier=', 15, ['front', 'back']],
  ['label.Tier=ba cpu>5', 13, ['back']],
  ['state:pau', 9, ['paused']],
  ['name=data', 9, ['"data base"']],
  ['not -cp', 7, ['cpu', 'docker_cpu_total_usage']],
])('%s at %i is completed by %j', (query, at, expected) => {
  const { from, to, suggestions } = completeQuery(query, at, nodesFor(''));
  expect(suggestions).toEqual(expected);
  expect(to).toBe(at);
  expect(expected[0]?.toLowerCase().replace('"', '')).toContain(query.slice(from, to).toLowerCase());
});
