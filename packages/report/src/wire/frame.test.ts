import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ReportFrameSchema } from '../gen/orchestrator/monitor/v1/report_pb.ts';
import { observeNode, topologyOf } from '../observe.ts';
import type { Report } from '../report.ts';
import type { Template } from '../template.ts';
import { createFrameDecoder, createFrameEncoder, decodeReport, encodeReport } from './frame.ts';

const templates: Template[] = [
  { kind: 'topology', id: 'topology', shape: 'hexagon', label: 'container', labelPlural: 'containers' },
  { kind: 'metadata', id: 'name', label: 'Name', priority: 1, from: 'latest', dataType: '', truncate: 12 },
  { kind: 'metric', id: 'cpu', label: 'CPU', priority: 1, format: 'percent', group: '' },
  {
    kind: 'table',
    id: 'env_',
    label: 'Environment',
    prefix: 'env_',
    type: 'property-list',
    columns: [{ id: 'a', label: 'A', dataType: '' }],
    fixedRows: { a: 'A' },
  },
  {
    ...{ kind: 'control', id: 'stop', human: 'Stop', icon: 'fa-stop', rank: 1, confirmation: 'Stop it?' },
    inputs: [{ id: 'why', label: 'Why' }],
  },
];

const reportOf = (...names: string[]): Report => ({
  topologies: new Map([
    [
      'container',
      {
        ...topologyOf(templates),
        nodes: new Map(
          names.map((name) => [name, observeNode(undefined, { latest: { name } }, 1000, 'probe')]),
        ),
      },
    ],
  ]),
});

const frameOf = (report: Report) => ({ probeId: 'probe', full: false, report });

describe('a stream of frames', () => {
  it('sends each string once', () => {
    const encoder = createFrameEncoder();
    const first = encoder.frame(frameOf(reportOf('web', 'db')));
    const second = encoder.frame(frameOf(reportOf('web', 'cache')));
    expect(second.strings).toEqual(['cache']);
    const decoder = createFrameDecoder();
    expect(decoder.frame(first).report).toEqual(reportOf('web', 'db'));
    expect(decoder.frame(second).report).toEqual(reportOf('web', 'cache'));
  });

  it('is refused when a frame is missing', () => {
    const encoder = createFrameEncoder();
    encoder.frame(frameOf(reportOf('web')));
    const second = encoder.frame(frameOf(reportOf('db')));
    expect(() => createFrameDecoder().frame(second)).toThrow(
      expect.objectContaining({ code: 'invalid', message: expect.stringContaining('continues a table') }),
    );
  });
});

describe('a frame from anybody', () => {
  const change = (edit: (message: ReturnType<typeof read>) => void) => {
    const message = read();
    edit(message);
    return toBinary(ReportFrameSchema, message);
  };
  const read = () => fromBinary(ReportFrameSchema, encodeReport(frameOf(reportOf('web'))));

  it.each([
    ['bytes that are none', new Uint8Array([255, 255, 255]), 'invalid'],
    ['a version of the future', change((frame) => (frame.version = 99)), 'invalid'],
    ['a string that is not there', change((frame) => (frame.topologies[0]!.nodes[0]!.id = 77)), 'invalid'],
    [
      'a time that is not there',
      change((frame) => (frame.topologies[0]!.nodes[0]!.latest!.times[0] = 77)),
      'invalid',
    ],
    ['a short column', change((frame) => frame.topologies[0]!.nodes[0]!.latest!.values.pop()), 'invalid'],
    [
      'a time that is no number',
      change((frame) => (frame.topologies[0]!.nodes[0]!.bornMs = Number.NaN)),
      'invalid',
    ],
    ['a long string', change((frame) => frame.strings.push('x'.repeat(70_000))), 'limit'],
  ])('is refused: %s', (_, bytes, code) => {
    expect(() => decodeReport(bytes)).toThrow(expect.objectContaining({ name: 'ReportError', code }));
  });

  it.each([
    [{ frameBytes: 10 }],
    [{ strings: 1 }],
    [{ nodes: 0 }],
    [{ leavesPerNode: 0 }],
    [{ stringLength: 2 }],
  ])('is refused beyond a limit: %j', (limits) => {
    expect(() => decodeReport(encodeReport(frameOf(reportOf('web'))), limits)).toThrow(
      expect.objectContaining({ code: 'limit' }),
    );
  });

  it('may be empty', () => {
    const bytes = toBinary(ReportFrameSchema, create(ReportFrameSchema, { version: 1 }));
    expect(decodeReport(bytes).report.topologies.size).toBe(0);
  });
});
