import { emptyReport, isAlive, mergeReports, type Report } from '@orchestrator/report';
import type { Logger } from '@orchestrator/runtime';
import { type Clock, systemClock } from '@orchestrator/runtime/clock';
import type { Random } from '@orchestrator/runtime/random';
import { type Board, createBoard, type Urgency } from './board/board.ts';
import { createScheduler } from './board/scheduler.ts';
import { createPlaces } from './connection/places.ts';
import { type ControlDesk, createControlDesk } from './control/desk.ts';
import { type HostFacts, hostFacts } from './host/facts.ts';
import { createProcessGroups } from './process/groups.ts';
import type { Source } from './source.ts';
import type { GivenApp } from './transport/app-config.ts';
import type { SessionContext } from './transport/session.ts';
import { startUplink } from './transport/uplink.ts';

export interface ProbeOptions {
  /** Unique among probes; stays the same through restarts. Default: the host's id. */
  readonly probeId?: string;
  readonly sources: readonly Source[];
  /** Where to report to; each gets everything. */
  readonly apps: readonly GivenApp[];
  readonly host?: HostFacts;
  readonly version?: string;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface Probe {
  /** All that the sources see now. */
  current(): Report;
  readonly controls: ControlDesk;
  /** Where reports go. */
  apps(): readonly { readonly app: string; readonly connected: boolean }[];
  /** Ends sources and connections; what is known stays with the apps until they forget the probe. */
  stop(): Promise<void>;
}

/**
 * Starts sources and connections.
 *
 *   source ── board ──┐                       ┌── uplink ──► app
 *   source ── board ──┼── merged report ──────┤
 *   source ── board ──┘                       └── uplink ──► app
 *        ▲                                         │
 *        └────────────── control desk ◄────────────┘
 *
 * @throws ProbeError `invalid` for an app without an address
 */
export function startProbe(options: ProbeOptions): Probe {
  const { clock = systemClock, logger, sources, apps, host = hostFacts() } = options;
  const probeId = options.probeId ?? host.hostId;
  const scheduler = createScheduler({ clock, logger });
  const controls = createControlDesk();
  const places = createPlaces(host.procRoot);
  const processGroups = createProcessGroups();
  const listeners = new Set<(urgency: Urgency) => void>();
  const changed = (urgency: Urgency) => {
    for (const listener of listeners) listener(urgency);
  };
  const boards: Board[] = [];
  const current = createMerger(boards);
  const addBoard = () => {
    const board = createBoard({ clock, writer: probeId, changed });
    boards.push(board);
    return board;
  };
  const isGoneElsewhere = (own: Board, topology: string, id: string) => {
    const nodes = boards
      .filter((board) => board !== own)
      .map((board) => board.report.topologies.get(topology)?.nodes.get(id))
      .filter((node) => node !== undefined);
    return nodes.length > 0 && !nodes.some(isAlive);
  };
  const stops = sources.map((source) => {
    const board = addBoard();
    const log = logger.child({ source: source.name });
    return source.start({
      ...{ board, logger: log, probeId, scheduler, clock, host, controls },
      ...{ places, processGroups, addBoard, isGoneElsewhere },
    });
  });
  const session: Omit<SessionContext, 'accepted'> = {
    probeId,
    hostName: host.hostName,
    version: options.version ?? '0',
    clock,
    logger,
    controls,
    current,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const uplinks = apps.map((app) => startUplink(app, session, options.random));
  return {
    current,
    controls,
    apps: () => uplinks.map(({ name, connected }) => ({ app: name, connected })),
    async stop() {
      scheduler.stop();
      await Promise.all([...uplinks.map((uplink) => uplink.stop()), ...stops.map((stop) => stop())]);
    },
  };
}

/** All boards as one report, the same object as long as none of them changes. */
function createMerger(boards: readonly Board[]): () => Report {
  let parts: readonly Report[] = [];
  let merged = emptyReport;
  return () => {
    const now = boards.map((board) => board.report);
    if (now.length === parts.length && now.every((part, index) => part === parts[index])) return merged;
    parts = now;
    merged = now.reduce(mergeReports, emptyReport);
    return merged;
  };
}
