import type { Edge, Leaves, Reading, Report, ReportNode, Sighting, Template } from '@orchestrator/report';
import type { Board } from '../board/board.ts';

const present = <Value>(leaves: Leaves<Value>): [string, Value][] =>
  [...leaves].flatMap(([key, { value }]) => (value === undefined ? [] : [[key, value] as [string, Value]]));

/** Names of a plugin's controls begin with its own, so that they cannot take the place of others. */
export const controlName = (pluginId: string, control: string): string => `${pluginId}~${control}`;

function sightingOf(node: ReportNode, pluginId: string): Sighting {
  const lists = (groups: ReportNode['sets']) =>
    Object.fromEntries([...groups].map(([name, leaves]) => [name, present(leaves).map(([key]) => key)]));
  return {
    latest: Object.fromEntries(present(node.latest)),
    sets: lists(node.sets),
    parents: lists(node.parents),
    controls: present(node.controls).map(([id]) => controlName(pluginId, id)),
    counters: Object.fromEntries(
      [...node.counters].map(([name, leaves]) => [
        name,
        present(leaves).reduce((sum, [, value]) => sum + value, 0),
      ]),
    ),
    edges: new Map<string, Edge>(present(node.edges)),
  };
}

function readingsOf(node: ReportNode): Record<string, Reading> {
  const readings: Record<string, Reading> = {};
  for (const [name, { values, range }] of node.metrics) {
    const value = values.at(-1);
    if (value !== undefined) readings[name] = { value, min: range.min, max: range.max };
  }
  return readings;
}

const renamed = (template: Template, pluginId: string): Template =>
  template.kind === 'control' ? { ...template, id: controlName(pluginId, template.id) } : template;

export interface RestateOptions {
  readonly board: Board;
  readonly pluginId: string;
  /** What other sources know to be gone stays gone, whatever a plugin says. */
  readonly isGoneElsewhere: (topology: string, id: string) => boolean;
  /** A part: what it does not mention stays as it was. */
  readonly partial: boolean;
}

/**
 * Writes a plugin's report down as what is seen now. Its times are not taken over: plugins give everything the time of the
 * answer, and all of it would go over the wire each second.
 */
export function restate(report: Report, options: RestateOptions): void {
  const { board, pluginId, isGoneElsewhere, partial } = options;
  const mentioned = new Set<string>();
  for (const [name, topology] of report.topologies) {
    if (name === 'plugin') continue;
    const templates = present(topology.templates).map(([, template]) => renamed(template, pluginId));
    if (templates.length > 0) board.templates(name, templates);
    for (const [id, node] of topology.nodes) {
      if (isGoneElsewhere(name, id)) continue;
      mentioned.add(`${name} ${id}`);
      board.see(name, id, sightingOf(node, pluginId));
      board.read(name, id, readingsOf(node));
    }
  }
  if (partial) return;
  for (const name of board.report.topologies.keys()) {
    if (name !== 'plugin') board.keepOnly(name, (id) => mentioned.has(`${name} ${id}`));
  }
}
