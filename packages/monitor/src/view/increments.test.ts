/** A view that is brought up to date shows what a view made from nothing shows, whatever has changed. */
import {
  emptyReport,
  observeMetrics,
  observeNode,
  type Report,
  type ReportNode,
  removedNode,
} from '@orchestrator/report';
import { seededRandom } from '@orchestrator/runtime';
import { SimulatedClock } from '@orchestrator/testing';
import { expect, test } from 'vitest';
import { createCollector } from '../collect/collector.ts';
import { findView } from './definitions.ts';
import { createRenderer, statsOf } from './renderer.ts';
import type { ViewRequest } from './request.ts';

const requests: ViewRequest[] = [
  ['containers', { system: 'all', stopped: 'running', pseudo: 'show' }, ''],
  ['containers', {}, 'state:running or cpu>50'],
  ['containers-by-image', { system: 'all', stopped: 'both', pseudo: 'hide' }, ''],
  ['containers-by-hostname', {}, ''],
  ['processes', { unconnected: 'hide' }, ''],
  ['processes-by-name', {}, ''],
  ['hosts', {}, ''],
].map(([id, options, query]) => {
  const view = findView(id as string);
  if (view === undefined) throw new Error(String(id));
  return { view, options: options as ViewRequest['options'], query: query as string };
});
const byLabel: ViewRequest = { ...requests[0]!, label: 'tier', query: '' };

const seeds = process.env.SEED === undefined ? [1, 2, 3] : [Number(process.env.SEED)];

test.each(seeds)('views of a changing report, seed %i', (seed) => {
  const random = seededRandom(seed);
  const below = (count: number) => Math.floor(random.fraction() * count);
  const clock = new SimulatedClock();
  const collector = createCollector({ clock });
  collector.connect({ id: 'p', hostName: 'h', version: '1' });
  collector.add({ probeId: 'p', full: true, report: emptyReport });
  const renderer = createRenderer();
  const known = new Map<string, ReportNode>();

  const tell = (topology: string, id: string, make: (before: ReportNode | undefined) => ReportNode) => {
    const key = `${topology} ${id}`;
    const node = make(known.get(key));
    known.set(key, node);
    const report: Report = {
      topologies: new Map([[topology, { nodes: new Map([[id, node]]), templates: new Map() }]]),
    };
    collector.add({ probeId: 'p', full: false, report });
  };
  const host = () => `h${below(2)};<host>`;
  const container = () => `c${below(8)};<container>`;
  const process_ = () => `h${below(2)};${below(10)}`;
  const end = () => `;10.0.0.${below(8)};${80 + below(2)}`;
  const say = (topology: string, id: string, facts: Parameters<typeof observeNode>[1]) =>
    tell(topology, id, (before) => observeNode(before, facts, clock.nowMs(), 'p'));

  const steps: (() => void)[] = [
    () =>
      say('container', container(), {
        latest: {
          docker_container_name: `n${below(3)}`,
          docker_container_state: ['running', 'exited', 'paused'][below(3)] ?? '',
          docker_container_hostname: `d${below(3)}`,
          docker_label_tier: `t${below(2)}`,
          docker_image_name: `i${below(3)}:1`,
          host_node_id: host(),
        },
        sets: { docker_container_ips_with_scopes: [`;10.0.0.${below(8)}`] },
        parents: { host: [host()] },
      }),
    () =>
      say('process', process_(), { latest: { name: `p${below(3)}` }, parents: { container: [container()] } }),
    () =>
      say('host', host(), {
        latest: { host_name: `name${below(2)}` },
        sets: { local_networks: ['10.1.0.0/16'] },
      }),
    () => {
      const [hostId, pid] = process_().split(';');
      const edge = {
        connections: 1 + below(3),
        opened: 1,
        sentBytesPerS: below(9),
        receivedBytesPerS: below(9),
      };
      const latest: Record<string, string> =
        below(2) === 0 ? {} : { pid: pid ?? '', host_node_id: `${hostId};<host>` };
      say('endpoint', end(), { latest, edges: new Map([[end(), edge]]) });
    },
    () =>
      tell('container', container(), (before) =>
        observeMetrics(
          before ?? observeNode(undefined, {}, clock.nowMs(), 'p'),
          { docker_cpu_total_usage: { value: below(100) } },
          clock.nowMs(),
        ),
      ),
    () => {
      const keys = [...known.keys()];
      const [topology = '', id = ''] = (keys[below(keys.length)] ?? '').split(' ');
      if (topology !== '') tell(topology, id, (before) => removedNode(before!, clock.nowMs()));
    },
  ];

  for (let round = 0; round < 100; round++) {
    for (let count = 1 + below(3); count > 0; count--) {
      clock.advance(10);
      steps[below(steps.length)]?.();
    }
    const report = collector.report();
    for (const request of [...requests, byLabel]) {
      // Some are looked at seldom, and then have more to catch up with.
      if (below(3) === 0) continue;
      const kept = renderer.render(report, request);
      const anew = createRenderer().render(report, request);
      const shown = ({ nodes }: typeof kept) =>
        Array.from(nodes.values(), ({ summary }) => summary).sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(shown(kept), `${request.view.id}, round ${round}`).toEqual(shown(anew));
      expect(statsOf(kept)).toEqual(statsOf(anew));
    }
  }
  collector.close();
});
