/** What a collector holds at most, and for how long. */
export interface CollectorLimits {
  /** Default 1,000. */
  readonly probes: number;
  /** Of one probe, tombstones included. Default 200,000. */
  readonly nodesPerProbe: number;
  /** Of all probes. Default 1,000,000. */
  readonly nodes: number;
  /** Kinds of nodes that one probe may know. Default 100. */
  readonly topologiesPerProbe: number;
  /** Of one topology, of all probes. Default 1,000. */
  readonly templatesPerTopology: number;
  /** How long what a lost probe knew is still shown, and how long a report without an end of its own counts. Default 15 s. */
  readonly windowMs: number;
  /** How long it is remembered that something is gone. Default 60 s. */
  readonly tombstonesMs: number;
  /** Reports of one sender within the window; older ones are forgotten first. Default 64. */
  readonly reportsPerWindow: number;
}

export const defaultCollectorLimits: CollectorLimits = {
  probes: 1_000,
  nodesPerProbe: 200_000,
  nodes: 1_000_000,
  topologiesPerProbe: 100,
  templatesPerTopology: 1_000,
  windowMs: 15_000,
  tombstonesMs: 60_000,
  reportsPerWindow: 64,
};
