export { type Edge, edgeOrder } from './edge.ts';
export { ReportError, type ReportErrorCode } from './errors.ts';
export * as wire from './gen/orchestrator/monitor/v1/monitor_pb.ts';
export type { Groups, Leaf, Leaves } from './leaf.ts';
export { type Metric, type MetricRange, type Metrics, maxSamplesPerMetric } from './metric.ts';
export { emptyNode, isAlive, mergeNodes, type ReportNode } from './node.ts';
export {
  observeMetrics,
  observeNode,
  type Reading,
  removedNode,
  repeatSampleAfterMs,
  type Sighting,
  topologyOf,
  withTemplates,
} from './observe.ts';
export {
  diffReports,
  emptyReport,
  emptyTopology,
  mergeReports,
  pruneReport,
  type Report,
  type Topology,
} from './report.ts';
export { fromScopeReport } from './scope/from-scope.ts';
export { toScopeReport } from './scope/to-scope.ts';
export * from './template.ts';
export {
  createFrameDecoder,
  createFrameEncoder,
  decodeReport,
  encodeReport,
  type Frame,
  type FrameDecoder,
  type FrameEncoder,
  frameVersion,
} from './wire/frame.ts';
export {
  type AppWord,
  appMessage,
  type ControlAnswer,
  connectMethod,
  type ProbeWord,
  probeMessage,
} from './wire/service.ts';
export { type DecodeLimits, defaultDecodeLimits } from './wire/tables.ts';
