/** A probe of some sources without an app: what it sees is looked at directly. */
import { isAlive, type ReportNode } from '@orchestrator/report';
import { silentLogger } from '@orchestrator/runtime';
import { waitFor } from '@orchestrator/testing';
import { type Probe, startProbe } from '../src/probe.ts';
import type { Source } from '../src/source.ts';

const timeoutMs = 60_000;

export interface Watching {
  readonly probe: Probe;
  node(topology: string, id: string): ReportNode | undefined;
  ids(topology: string): string[];
  /** Until a look at it holds. */
  until(what: string, holds: () => boolean): Promise<void>;
  stop(): Promise<void>;
}

export const watch = (...sources: Source[]): Watching => watchAs('probe', ...sources);

export function watchAs(probeId: string, ...sources: Source[]): Watching {
  const probe = startProbe({ probeId, sources, apps: [], logger: silentLogger });
  const nodesOf = (topology: string) =>
    [...(probe.current().topologies.get(topology)?.nodes ?? [])].filter(([, node]) => isAlive(node));
  return {
    probe,
    node: (topology, wanted) => nodesOf(topology).find(([id]) => id === wanted)?.[1],
    ids: (topology) =>
      nodesOf(topology)
        .map(([id]) => id)
        .sort(),
    async until(what, holds) {
      await waitFor(() => holds() || undefined, { what, timeoutMs, intervalMs: 20 });
    },
    stop: () => probe.stop(),
  };
}

export const latest = (node: ReportNode | undefined, key: string): string | undefined =>
  node?.latest.get(key)?.value;

export const parents = (node: ReportNode | undefined, topology: string): string[] =>
  [...(node?.parents.get(topology) ?? [])].flatMap(([id, { value }]) => (value === true ? [id] : []));
