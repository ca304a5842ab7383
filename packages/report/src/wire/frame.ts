import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { ReportError } from '../errors.ts';
import {
  type FrameNode,
  FrameNodeSchema,
  type FrameTopology,
  FrameTopologySchema,
  type ReportFrame,
  ReportFrameSchema,
} from '../gen/orchestrator/monitor/v1/report_pb.ts';
import { emptyNode, mergeNodes, type ReportNode } from '../node.ts';
import type { Report, Topology } from '../report.ts';
import * as columns from './columns.ts';
import { type DecodeLimits, defaultDecodeLimits, StringReader, StringWriter, TimeWriter } from './tables.ts';
import { readTemplate, writeTemplate } from './templates.ts';

export const frameVersion = 1;

/** Strings after which a stream begins a new table; a full table of 10,000 containers has about 200,000. */
const tableLimit = 1_000_000;

/** A report on its way, and whose it is. */
export interface Frame {
  readonly probeId: string;
  /** All that the probe knows; what is not in it is gone. Otherwise: what has changed since the frame before. */
  readonly full: boolean;
  readonly report: Report;
}

/** Writes the frames of one stream. Each string is sent once in the life of a stream. */
export interface FrameEncoder {
  /** As a message, to be put into another one. */
  frame(frame: Frame): ReportFrame;
}

/** Reads the frames of one stream, in order. */
export interface FrameDecoder {
  /**
   * @throws ReportError `invalid` for a frame that breaks the format, was written by a newer version, or is out of order;
   * `limit` beyond one of `DecodeLimits`. The stream cannot go on after it: ask for a full frame.
   */
  frame(message: ReportFrame): Frame;
}

function writeNode(writer: columns.ColumnWriter, id: string, node: ReportNode): FrameNode {
  const message = create(FrameNodeSchema);
  message.id = writer.strings.number(id);
  message.bornMs = node.bornMs;
  message.removedMs = node.removedMs;
  const [latest, controls] = [
    columns.writeLeaves(writer, node.latest),
    columns.writeElements(writer, node.controls),
  ];
  const [sets, parents] = [columns.writeGroups(writer, node.sets), columns.writeGroups(writer, node.parents)];
  const [counters, edges] = [
    columns.writeCounters(writer, node.counters),
    columns.writeEdges(writer, node.edges),
  ];
  const metrics = columns.writeMetrics(writer, node.metrics);
  if (latest !== undefined) message.latest = latest;
  if (controls !== undefined) message.controls = controls;
  if (sets !== undefined) message.sets = sets;
  if (parents !== undefined) message.parents = parents;
  if (counters !== undefined) message.counters = counters;
  if (edges !== undefined) message.edges = edges;
  if (metrics !== undefined) message.metrics = metrics;
  return message;
}

function readNode(reader: columns.ColumnReader, message: FrameNode): ReportNode {
  const { bornMs, removedMs } = message;
  if (!Number.isFinite(bornMs) || !Number.isFinite(removedMs)) {
    throw new ReportError('a node has a time that is no number', { code: 'invalid' });
  }
  const node: ReportNode = {
    bornMs,
    removedMs,
    latest: columns.readLeaves(reader, message.latest),
    sets: columns.readGroups(reader, message.sets),
    parents: columns.readGroups(reader, message.parents),
    controls: columns.readElements(reader, message.controls),
    counters: columns.readCounters(reader, message.counters),
    edges: columns.readEdges(reader, message.edges),
    metrics: columns.readMetrics(reader, message.metrics),
  };
  // Merging relies on nodes that hold nothing older than their removal, and no more samples than are kept.
  return mergeNodes(emptyNode, node);
}

function writeTopology(writer: columns.ColumnWriter, name: string, topology: Topology): FrameTopology {
  const message = create(FrameTopologySchema, { name: writer.strings.number(name) });
  for (const [id, node] of topology.nodes) message.nodes.push(writeNode(writer, id, node));
  for (const [key, leaf] of topology.templates) message.templates.push(writeTemplate(key, leaf));
  return message;
}

export function createFrameEncoder(): FrameEncoder {
  const strings = new StringWriter(tableLimit);
  return {
    frame({ probeId, full, report }) {
      strings.beginFrame();
      const writer = { strings, times: new TimeWriter() };
      const topologies = [...report.topologies].map(([name, topology]) =>
        writeTopology(writer, name, topology),
      );
      const fresh = strings.fresh();
      return create(ReportFrameSchema, {
        version: frameVersion,
        probeId,
        full,
        firstString: fresh.first,
        strings: fresh.strings,
        times: writer.times.times,
        topologies,
      });
    },
  };
}

export function createFrameDecoder(given: Partial<DecodeLimits> = {}): FrameDecoder {
  const limits = { ...defaultDecodeLimits, ...given };
  const strings = new StringReader(limits);
  return {
    frame(message) {
      if (message.version === 0 || message.version > frameVersion) {
        throw new ReportError(
          `a frame has version ${message.version}; this reader knows up to ${frameVersion}: update it`,
          { code: 'invalid' },
        );
      }
      strings.add(message.firstString, message.strings);
      const reader = { strings, times: message.times, leavesPerNode: limits.leavesPerNode };
      const nodeCount = message.topologies.reduce((sum, topology) => sum + topology.nodes.length, 0);
      if (nodeCount > limits.nodes) {
        throw new ReportError(`a frame has ${nodeCount} nodes, more than ${limits.nodes}`, { code: 'limit' });
      }
      const topologies = new Map<string, Topology>();
      for (const topology of message.topologies) {
        topologies.set(strings.text(topology.name), {
          nodes: new Map(topology.nodes.map((node) => [strings.text(node.id), readNode(reader, node)])),
          templates: new Map(topology.templates.map(readTemplate)),
        });
      }
      return { probeId: message.probeId, full: message.full, report: { topologies } };
    },
  };
}

/** One frame that stands alone, as an HTTP body. */
export function encodeReport(frame: Frame): Uint8Array {
  return toBinary(ReportFrameSchema, createFrameEncoder().frame(frame));
}

/** @throws ReportError as `FrameDecoder`; `limit` also for more bytes than `frameBytes` */
export function decodeReport(bytes: Uint8Array, limits: Partial<DecodeLimits> = {}): Frame {
  const { frameBytes } = { ...defaultDecodeLimits, ...limits };
  if (bytes.byteLength > frameBytes) {
    throw new ReportError(`a frame of ${bytes.byteLength} bytes is larger than ${frameBytes}`, {
      code: 'limit',
    });
  }
  let message: ReportFrame;
  try {
    message = fromBinary(ReportFrameSchema, bytes);
  } catch (cause) {
    throw new ReportError(`${bytes.byteLength} bytes are no report frame`, { code: 'invalid', cause });
  }
  return createFrameDecoder(limits).frame(message);
}
