import { emptyReport, type Frame, mergeReports, pruneReport, type Report } from '@orchestrator/report';
import type { Clock, Timer } from '@orchestrator/runtime/clock';
import { systemClock } from '@orchestrator/runtime/clock';
import { MonitorError } from '../errors.ts';
import { clockOffsetMs, shiftReport } from './clock-offset.ts';
import { type CollectorLimits, defaultCollectorLimits } from './limits.ts';
import { type Member, MergedReport } from './merged.ts';
import {
  checkLimits,
  countNodes,
  mergeWindow,
  replaceReport,
  type WindowedReport,
  withinWindow,
} from './probe-reports.ts';

/** What a probe says of itself. */
export interface ProbeIdentity {
  readonly id: string;
  readonly hostName: string;
  readonly version: string;
  /** No probe, but a part of this program that has something to say: not listed, and owner of nothing. */
  readonly isInternal?: boolean;
}

export interface ProbeStatus extends ProbeIdentity {
  /** Has a stream open, so that its nodes can be controlled. */
  readonly connected: boolean;
  readonly lastSeenMs: number;
  readonly nodes: number;
  /** What was added to its times, because its clock is off. */
  readonly clockOffsetMs: number;
}

export interface Collector {
  /** A probe's stream has begun; its first frame must be a full one. @throws MonitorError `limit` */
  connect(probe: ProbeIdentity): void;
  /** Its stream has ended: what it knew is shown until the window is over, unless it comes back. */
  disconnect(probeId: string): void;
  /** @throws MonitorError `limit`; `conflict` for a difference to what is not known: ask for a full frame */
  add(frame: Frame): void;
  /** A report that does not say what is gone: it counts until the window is over. @throws MonitorError `limit` */
  addWindowed(probe: ProbeIdentity, report: Report): void;
  /** All that is alive. The same object while nothing changes. */
  report(): Report;
  /** Called when `report` would give something new, once until it is asked for. Returns what ends it. */
  onChange(listener: () => void): () => void;
  /** Called with what each probe says by frames, its times moved as they are here. Returns what ends it. */
  onFrame(listener: (frame: Frame) => void): () => void;
  /** All that a probe knows; undefined if it is not known. */
  reportOf(probeId: string): Report | undefined;
  probes(): ProbeStatus[];
  /** Ids of the probes that know this node. */
  ownersOf(topology: string, nodeId: string): string[];
  close(): void;
}

interface ProbeState extends Member {
  identity: ProbeIdentity;
  report: Report;
  streams: number;
  /** Its stream has given a full frame, which differences can be added to. */
  whole: boolean;
  window: readonly WindowedReport[];
  lastSeenMs: number;
  prunedMs: number;
  offsetMs: number;
}

export interface CollectorOptions {
  readonly clock?: Clock;
  readonly limits?: Partial<CollectorLimits>;
}

/** How often it is looked for what is out of the window. */
const sweepEveryMs = 1_000;

export function createCollector(options: CollectorOptions = {}): Collector {
  const { clock = systemClock } = options;
  const limits = { ...defaultCollectorLimits, ...options.limits };
  const probes = new Map<string, ProbeState>();
  const merged = new MergedReport();
  const listeners = new Set<() => void>();
  const frameListeners = new Set<(frame: Frame) => void>();
  let told = false;
  let sweeping: Timer | undefined;

  const set = (probe: ProbeState, report: Report) => {
    const before = probe.report;
    if (before === report) return;
    probe.report = report;
    if (!merged.changed(probe, before) || told) return;
    told = true;
    for (const listener of listeners) listener();
  };

  const stateOf = (identity: ProbeIdentity): ProbeState => {
    const known = probes.get(identity.id);
    if (known !== undefined) {
      known.identity = identity;
      return known;
    }
    if (probes.size >= limits.probes) {
      throw new MonitorError('limit', `probe ${identity.id} would be one of more than ${limits.probes}`);
    }
    const alone: Member[] = [];
    const nowMs = clock.nowMs();
    const fresh: ProbeState = {
      ...{ id: identity.id, identity, alone, report: emptyReport, streams: 0, whole: false, window: [] },
      ...{ lastSeenMs: nowMs, prunedMs: nowMs, offsetMs: 0 },
    };
    alone.push(fresh);
    probes.set(identity.id, fresh);
    sweeping ??= clock.after(sweepEveryMs, sweep, { background: true });
    return fresh;
  };

  const accept = (probe: ProbeState, report: Report) => {
    checkLimits(probe.id, report, limits);
    const more = countNodes(report) - countNodes(probe.report);
    if (merged.nodeCount + more > limits.nodes) {
      throw new MonitorError(
        'limit',
        `with probe ${probe.id} there would be more than ${limits.nodes} nodes`,
      );
    }
    probe.lastSeenMs = clock.nowMs();
    set(probe, report);
  };

  const pruned = (probe: ProbeState, report: Report): Report => {
    const nowMs = clock.nowMs();
    if (Math.abs(nowMs - probe.prunedMs) < limits.tombstonesMs / 2) return report;
    probe.prunedMs = nowMs;
    return pruneReport(report, nowMs - limits.tombstonesMs);
  };

  /** Lost probes and reports without an end of their own leave when their window is over. */
  const sweep = () => {
    sweeping = undefined;
    const nowMs = clock.nowMs();
    for (const probe of probes.values()) {
      if (probe.streams > 0) continue;
      if (probe.window.length > 0) {
        const window = withinWindow(probe.window, nowMs, limits);
        if (window.length === probe.window.length) continue;
        probe.window = window;
        set(probe, mergeWindow(window));
      } else if (nowMs - probe.lastSeenMs < limits.windowMs) continue;
      if (probe.window.length > 0) continue;
      set(probe, emptyReport);
      probes.delete(probe.id);
    }
    if (probes.size > 0) sweeping = clock.after(sweepEveryMs, sweep, { background: true });
  };

  const listed = () => [...probes.values()].filter(({ identity }) => identity.isInternal !== true);

  return {
    connect(identity) {
      const probe = stateOf(identity);
      probe.streams++;
      probe.whole = false;
      probe.lastSeenMs = clock.nowMs();
    },
    disconnect(probeId) {
      const probe = probes.get(probeId);
      if (probe === undefined || probe.streams === 0) return;
      probe.streams--;
      probe.lastSeenMs = clock.nowMs();
    },
    add({ probeId, full, report }) {
      const probe = probes.get(probeId) ?? stateOf({ id: probeId, hostName: probeId, version: '' });
      if (!full && !probe.whole) {
        throw new MonitorError('conflict', `probe ${probeId} sent a difference to what is not known here`, {
          remedy: 'send a full report',
        });
      }
      if (full && probe.identity.isInternal !== true) probe.offsetMs = clockOffsetMs(report, clock.nowMs());
      const shifted = shiftReport(report, probe.offsetMs);
      const next = full ? replaceReport(probe.report, shifted) : mergeReports(probe.report, shifted);
      accept(probe, pruned(probe, next));
      probe.whole = true;
      probe.window = [];
      for (const listener of frameListeners) listener({ probeId, full, report: shifted });
    },
    addWindowed(identity, report) {
      const probe = stateOf(identity);
      const atMs = clock.nowMs();
      const window = withinWindow([...probe.window, { atMs, report }], atMs, limits);
      accept(probe, replaceReport(probe.report, mergeWindow(window)));
      probe.window = window;
      probe.whole = false;
    },
    report() {
      told = false;
      return merged.report();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onFrame(listener) {
      frameListeners.add(listener);
      return () => frameListeners.delete(listener);
    },
    reportOf: (probeId) => probes.get(probeId)?.report,
    probes: () =>
      listed().map((probe) => ({
        ...probe.identity,
        connected: probe.streams > 0,
        lastSeenMs: probe.lastSeenMs,
        nodes: countNodes(probe.report),
        clockOffsetMs: probe.offsetMs,
      })),
    ownersOf: (topology, nodeId) =>
      merged
        .owners(topology, nodeId)
        .map(({ id }) => id)
        .filter((id) => probes.get(id)?.identity.isInternal !== true),
    close: () => sweeping?.cancel(),
  };
}
