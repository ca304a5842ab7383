/** Servers and synchronisations as nodes: a synchronisation stands between the server that is read and the one that is written. */
import type { Edge, Reading } from '@orchestrator/report';
import type { Board } from '../board/board.ts';
import { filled } from '../json/read.ts';
import type { MigrationEnds, SyncDirection, SyncState } from './migrations.ts';
import type { ServerState } from './monitor.ts';

export interface Picture {
  /** `state` is undefined for a server that does not answer or serves nobody. */
  server(address: string, state: ServerState | undefined, packetsPerS: Reading | undefined): void;
  /** All synchronisations there are. */
  syncs(states: readonly SyncState[], ends: readonly MigrationEnds[]): void;
}

const topology = 'zookeeper';
const nodeId = (address: string) => `${address};<zookeeper>`;
const syncNodeId = (migrationId: string) => `${migrationId};sync;<zookeeper>`;

/** All that is to be seen of an edge is that there is one; how much it is are the synchronisation's metrics. */
const edge: Edge = { connections: 1, opened: 1, sentBytesPerS: 0, receivedBytesPerS: 0 };

/** `servers` are there as long as the probe is, whether they answer or not. */
export function createPicture(board: Board, servers: readonly string[]): Picture {
  const roles = new Map<string, Readonly<Record<string, string | undefined>>>();
  const leaders = new Set<string>();
  /** From servers to what reads them. */
  let readers = new Map<string, string[]>();

  const write = (address: string) => {
    const edges = new Map((readers.get(address) ?? []).map((id) => [id, edge]));
    const latest = { name: address, zookeeper_address: address, ...roles.get(address) };
    board.see(topology, nodeId(address), { latest, edges }, 'now');
  };

  return {
    server(address, state, packetsPerS) {
      if (state?.role === 'leader' || state?.role === 'standalone') leaders.add(address);
      else leaders.delete(address);
      roles.set(address, {
        role: state === undefined ? 'does not serve' : state.role,
        zookeeper_version: filled(state?.version ?? ''),
      });
      write(address);
      if (state !== undefined) board.read(topology, nodeId(address), readingsOf(state, packetsPerS));
    },
    syncs(states, ends) {
      const active = states.filter(({ state }) => state !== '');
      const before = readers;
      readers = new Map();
      const there = new Set(servers.map(nodeId));
      for (const sync of active) {
        const { read, written } = waysOf(sync, ends, leaders);
        for (const address of read)
          readers.set(address, [...(readers.get(address) ?? []), syncNodeId(sync.id)]);
        const edges = new Map(written.map((address) => [nodeId(address), edge]));
        for (const id of [syncNodeId(sync.id), ...[...read, ...written].map(nodeId)]) there.add(id);
        for (const address of written) write(address);
        board.see(topology, syncNodeId(sync.id), { latest: latestOf(sync), edges }, 'now');
        board.read(topology, syncNodeId(sync.id), syncReadings(sync));
      }
      for (const address of new Set([...before.keys(), ...readers.keys()])) write(address);
      board.keepOnly(topology, (id) => there.has(id), 'now');
    },
  };
}

/** Of each side its leader, or its first server where it is not known which one leads. */
function waysOf({ id, directions }: SyncState, ends: readonly MigrationEnds[], leaders: ReadonlySet<string>) {
  const sides = ends.find((one) => one.id === id);
  const chosen = (addresses: readonly string[] = []) =>
    addresses.find((address) => leaders.has(address)) ?? addresses[0];
  const [source, target] = [chosen(sides?.source), chosen(sides?.target)];
  const known = (addresses: readonly (string | undefined)[]) => addresses.filter((one) => one !== undefined);
  return {
    read: known(directions.map(({ from }) => (from === 'source' ? source : target))),
    written: known(directions.map(({ from }) => (from === 'source' ? target : source))),
  };
}

function readingsOf(
  { figures }: ServerState,
  packetsPerS: Reading | undefined,
): Record<string, Reading | undefined> {
  const { zookeeper_packets: _counted, ...plain } = figures;
  const known = Object.entries(plain).map(([name, value]): [string, Reading | undefined] => [
    name,
    value === undefined ? undefined : { value, min: 0 },
  ]);
  return { ...Object.fromEntries(known), zookeeper_packets_per_s: packetsPerS };
}

function latestOf(sync: SyncState): Record<string, string | undefined> {
  const captures = sync.directions.map(({ from, capture }) => `${from}: ${capture}`);
  return {
    name: sync.name || sync.id,
    role: `sync ${sync.state}`,
    migration_id: sync.id,
    migration_status: sync.status,
    sync_state: sync.state,
    sync_capture: filled(captures.join(', ')),
    sync_problem: filled(sync.problem),
    sync_conflicts: String(sync.conflicts),
    sync_conflicts_held: String(sync.held),
  };
}

function syncReadings({ directions }: SyncState): Record<string, Reading> {
  const most = (of: (direction: SyncDirection) => number) => Math.max(0, ...directions.map(of));
  return {
    zk_sync_lag_ms: { value: most(({ lagMs }) => lagMs), min: 0 },
    zk_sync_backlog: { value: most(({ backlog }) => backlog), min: 0 },
    zk_sync_applied_per_s: { value: most(({ appliedPerS }) => appliedPerS), min: 0 },
  };
}
