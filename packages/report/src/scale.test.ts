import { toBinary } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { ReportFrameSchema } from './gen/orchestrator/monitor/v1/report_pb.ts';
import type { ReportNode } from './node.ts';
import { observeMetrics, observeNode } from './observe.ts';
import { diffReports, emptyReport, mergeReports, type Report } from './report.ts';
import { createFrameDecoder, createFrameEncoder } from './wire/frame.ts';

const containers = 10_000;
const id = (index: number) => `${(index * 2654435761).toString(16).padStart(64, '0')};<container>`;

function container(index: number): ReportNode {
  const latest: Record<string, string> = {
    docker_container_name: `app-${index}`,
    docker_container_state: 'running',
  };
  for (let label = 0; label < 20; label++)
    latest[`docker_label_${label}`] = `value ${label} of ${index % 100}`;
  const node = observeNode(
    undefined,
    {
      latest,
      sets: { ips: [`10.${index >> 8}.0.${index & 255}`] },
      controls: ['stop', 'pause'],
      parents: { host: ['h;<host>'] },
    },
    1000,
    'p',
  );
  return observeMetrics(node, { cpu: { value: index % 7 }, memory: { value: index * 4096 } }, 1000);
}

const reportOf = (nodes: Map<string, ReportNode>): Report => ({
  topologies: new Map([['container', { nodes, templates: new Map() }]]),
});

/** The shortest of a few runs. */
function bestMs(run: () => void): number {
  const times = Array.from({ length: 2 }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return Math.round(Math.min(...times) * 10) / 10;
}

it('10,000 containers are merged, told apart and written in milliseconds', () => {
  const nodes = new Map(Array.from({ length: containers }, (_, index) => [id(index), container(index)]));
  const full = reportOf(nodes);
  const ticked = reportOf(
    new Map(
      [...nodes].map(([key, node]) => [
        key,
        observeMetrics(node, { cpu: { value: 50 }, memory: { value: 1 } }, 4000),
      ]),
    ),
  );
  const one = reportOf(
    new Map(nodes).set(id(5), observeMetrics(nodes.get(id(5))!, { cpu: { value: 99 } }, 4000)),
  );
  const delta = diffReports(full, ticked);
  const encode = (report: Report) =>
    toBinary(ReportFrameSchema, createFrameEncoder().frame({ probeId: 'p', full: true, report }));
  const encoder = createFrameEncoder();
  const message = encoder.frame({ probeId: 'p', full: true, report: full });
  const deltaBytes = toBinary(
    ReportFrameSchema,
    encoder.frame({ probeId: 'p', full: false, report: delta }),
  ).byteLength;
  const figures = {
    mergeFullMs: bestMs(() => mergeReports(ticked, full)),
    mergeSameMs: bestMs(() => mergeReports(full, full)),
    mergeTickMs: bestMs(() => mergeReports(full, delta)),
    diffTickMs: bestMs(() => diffReports(full, ticked)),
    diffOneMs: bestMs(() => diffReports(full, one)),
    diffFirstMs: bestMs(() => diffReports(emptyReport, full)),
    encodeFullMs: bestMs(() => encode(full)),
    decodeFullMs: bestMs(() => createFrameDecoder().frame(message)),
    fullKb: Math.round(encode(full).byteLength / 1024),
    tickBytesPerContainer: Math.round(deltaBytes / containers),
  };
  process.stderr.write(`report, ${containers} containers: ${JSON.stringify(figures)}\n`);
  expect(diffReports(mergeReports(full, delta), mergeReports(full, ticked))).toBe(emptyReport);
  expect(figures.tickBytesPerContainer).toBeLessThan(64);
  // Far above what it takes on a small machine: for a change of the order, not of the figure.
  expect(figures.mergeTickMs).toBeLessThan(2_000);
  expect(figures.diffOneMs).toBeLessThan(100);
  expect(figures.encodeFullMs).toBeLessThan(10_000);
});
