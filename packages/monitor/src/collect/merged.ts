/**
 * All probes' reports as one. A node that one probe knows is that probe's own object; only nodes that several know are
 * merged. Work is proportional to what changed: a probe that says nothing costs nothing, and nothing is put together
 * before somebody looks.
 */
import {
  emptyReport,
  isAlive,
  mergeNodes,
  mergeReports,
  type Report,
  type ReportNode,
  type Topology,
} from '@orchestrator/report';
import { ChangeLog } from './change-log.ts';
import { changedIds } from './probe-reports.ts';

/** Where a probe's present report is found. */
export interface Member {
  readonly id: string;
  readonly report: Report;
  /** The list of this member only, shared by all nodes that nobody else knows. */
  readonly alone: readonly Member[];
}

interface MergedTopology {
  /** Who knows the node. */
  readonly owners: Map<string, readonly Member[]>;
  readonly dirty: Set<string>;
  nodes: ReadonlyMap<string, ReportNode>;
}

const noNodes: ReadonlyMap<string, ReportNode> = new Map();
const noIds: ReadonlySet<string> = new Set();

export class MergedReport {
  readonly #topologies = new Map<string, MergedTopology>();
  #templates: Report = emptyReport;
  #report: Report = emptyReport;
  readonly #log = new ChangeLog();
  #stale = false;
  #newTemplates = false;
  #nodeCount = 0;

  /** Nodes known, each once however many know it, tombstones included. */
  get nodeCount(): number {
    return this.#nodeCount;
  }

  /** To be called after `member.report` was `before` and has changed. False if that made no difference. */
  changed(member: Member, before: Report): boolean {
    const { report } = member;
    const names = new Set([...before.topologies.keys(), ...report.topologies.keys()]);
    let any = false;
    for (const name of names) {
      const [old, now] = [before.topologies.get(name), report.topologies.get(name)];
      const ids = changedIds(old, now);
      if (ids.length === 0) continue;
      any = true;
      const topology = this.#topology(name);
      for (const id of ids) {
        this.#own(topology, id, member, now?.nodes.has(id) === true);
        topology.dirty.add(id);
      }
    }
    const templates = this.#mergeTemplates(report);
    this.#stale ||= any || templates;
    this.#newTemplates ||= templates;
    return any || templates;
  }

  /** What is alive, of all; the same objects wherever nothing has changed. */
  report(): Report {
    if (!this.#stale) return this.#report;
    this.#stale = false;
    const topologies = new Map<string, Topology>();
    const changes = new Map<string, ReadonlySet<string>>();
    const names = new Set([...this.#topologies.keys(), ...this.#templates.topologies.keys()]);
    for (const name of names) {
      const merged = this.#topologies.get(name);
      const changed = merged === undefined ? noIds : refresh(name, merged);
      const nodes = merged?.nodes ?? noNodes;
      if (changed.size > 0) changes.set(name, changed);
      const templates = this.#templates.topologies.get(name)?.templates ?? new Map();
      const before = this.#report.topologies.get(name);
      const same = before !== undefined && before.nodes === nodes && before.templates === templates;
      topologies.set(name, same ? before : { nodes, templates });
    }
    this.#report = { topologies };
    // Other templates show every node in another way.
    this.#log.add(this.#report, this.#newTemplates ? undefined : changes);
    this.#newTemplates = false;
    return this.#report;
  }

  owners(topology: string, id: string): readonly Member[] {
    return this.#topologies.get(topology)?.owners.get(id) ?? [];
  }

  #topology(name: string): MergedTopology {
    const known = this.#topologies.get(name);
    if (known !== undefined) return known;
    const fresh: MergedTopology = { owners: new Map(), dirty: new Set(), nodes: noNodes };
    this.#topologies.set(name, fresh);
    return fresh;
  }

  #own({ owners }: MergedTopology, id: string, member: Member, knows: boolean): void {
    const before = owners.get(id);
    if (before === undefined) {
      if (!knows) return;
      owners.set(id, member.alone);
      this.#nodeCount++;
      return;
    }
    if (before.includes(member) === knows) return;
    const after = knows ? [...before, member] : before.filter((other) => other !== member);
    const [only] = after;
    if (only === undefined) {
      owners.delete(id);
      this.#nodeCount--;
    } else owners.set(id, after.length === 1 ? only.alone : after);
  }

  #mergeTemplates({ topologies }: Report): boolean {
    const before = this.#templates;
    for (const [name, { templates }] of topologies) {
      if (templates.size === 0) continue;
      this.#templates = mergeReports(this.#templates, {
        topologies: new Map([[name, { nodes: noNodes, templates }]]),
      });
    }
    return this.#templates !== before;
  }
}

/** What is in one place only: who says that it is gone knows better than whoever saw it before. */
const inOnePlace: ReadonlySet<string> = new Set(['container', 'process', 'endpoint', 'pod', 'mesos_task']);

/** Undefined if it is gone. An image or a framework that is gone from one host may well be on another. */
function mergeOwned(topology: string, id: string, owners: readonly Member[]): ReportNode | undefined {
  const countsGone = inOnePlace.has(topology);
  let merged: ReportNode | undefined;
  for (const { report } of owners) {
    const node = report.topologies.get(topology)?.nodes.get(id);
    if (node === undefined || (!countsGone && node.removedMs > 0 && !isAlive(node))) continue;
    merged = merged === undefined ? node : mergeNodes(merged, node);
  }
  return merged !== undefined && isAlive(merged) ? merged : undefined;
}

/** Brings the topology's nodes up to date. @returns the ids of those that are not as they were */
function refresh(name: string, topology: MergedTopology): ReadonlySet<string> {
  let nodes: Map<string, ReportNode> | undefined;
  const changed = new Set<string>();
  for (const id of topology.dirty) {
    const after = mergeOwned(name, id, topology.owners.get(id) ?? []);
    if (after === (nodes ?? topology.nodes).get(id)) continue;
    nodes ??= new Map(topology.nodes);
    changed.add(id);
    if (after === undefined) nodes.delete(id);
    else nodes.set(id, after);
  }
  topology.dirty.clear();
  if (nodes !== undefined) topology.nodes = nodes;
  return changed;
}
