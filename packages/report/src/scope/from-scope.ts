import type { Edge } from '../edge.ts';
import { ReportError } from '../errors.ts';
import { type Groups, type Leaf, type Leaves, noLeafGroups, noLeaves } from '../leaf.ts';
import { type Metric, type Metrics, noMetrics, unknownRange } from '../metric.ts';
import { emptyNode, mergeNodes, type ReportNode } from '../node.ts';
import type { Report, Topology } from '../report.ts';
import type { Template } from '../template.ts';
import { type DecodeLimits, defaultDecodeLimits } from '../wire/tables.ts';
import { isObject, type JsonObject, listOf, numberOf, objectOf, textOf, textsOf, timeOf } from './json.ts';
import { topologyOfMember } from './names.ts';
import { scopeTemplates } from './templates.ts';

/** Scope knows that an edge is there, and no more. */
const plainEdge: Edge = { connections: 1, opened: 1, sentBytesPerS: 0, receivedBytesPerS: 0 };

/** Who counts in a report that does not say so. */
const scopeWriter = 'scope';

const elements = (ids: readonly string[], timeMs: number): Leaves<true> =>
  ids.length === 0 ? noLeaves() : new Map(ids.map((id) => [id, { timeMs, value: true }]));

function groupsOf(value: unknown, timeMs: number): Groups<true> {
  const entries = Object.entries(objectOf(value)).filter(([, list]) => textsOf(list).length > 0);
  return entries.length === 0
    ? noLeafGroups()
    : new Map(entries.map(([name, list]) => [name, elements(textsOf(list), timeMs)]));
}

function metricOf(value: JsonObject, timeMs: number): Metric {
  const samples = new Map<number, number>();
  for (const sample of listOf(value.samples).filter(isObject)) {
    if (typeof sample.value === 'number') samples.set(timeOf(sample.date, timeMs), sample.value);
  }
  const ordered = [...samples].sort(([a], [b]) => a - b);
  const [min, max] = [numberOf(value.min, Number.NaN), numberOf(value.max, Number.NaN)];
  return {
    timesMs: ordered.map(([sampleMs]) => sampleMs),
    values: ordered.map(([, sample]) => sample),
    range:
      Number.isNaN(min) && Number.isNaN(max)
        ? unknownRange
        : { timeMs: ordered.at(-1)?.[0] ?? timeMs, min, max },
  };
}

function metricsOf(value: unknown, timeMs: number): Metrics {
  const entries = Object.entries(objectOf(value)).filter(
    (entry): entry is [string, JsonObject] => isObject(entry[1]) && listOf(entry[1].samples).length > 0,
  );
  return entries.length === 0
    ? noMetrics()
    : new Map(entries.map(([name, metric]) => [name, metricOf(metric, timeMs)]));
}

/** Controls are a leaf of their own, and in a plugin's answers a list in one text. */
function controlsOf(node: JsonObject, active: Leaf<string> | undefined, timeMs: number): Leaves<true> {
  const controls = new Map<string, Leaf<true>>();
  for (const [id, leaf] of Object.entries(objectOf(node.latestControls))) {
    const isDead = objectOf(objectOf(leaf).value).dead === true;
    controls.set(id, {
      timeMs: timeOf(objectOf(leaf).timestamp, timeMs),
      value: isDead ? undefined : true,
    });
  }
  for (const id of active?.value?.split(';') ?? []) {
    if (id !== '') controls.set(id, { timeMs: active?.timeMs ?? timeMs, value: true });
  }
  return controls.size === 0 ? noLeaves() : controls;
}

function nodeOf(value: JsonObject, timeMs: number, limits: DecodeLimits): ReportNode {
  const latest = new Map<string, Leaf<string>>();
  for (const [key, leaf] of Object.entries(objectOf(value.latest))) {
    const text = textOf(objectOf(leaf).value);
    if (text.length > limits.stringLength) {
      throw new ReportError(`${key} has ${text.length} characters, more than ${limits.stringLength}`, {
        code: 'limit',
      });
    }
    latest.set(key, { timeMs: timeOf(objectOf(leaf).timestamp, timeMs), value: text });
  }
  if (latest.size > limits.leavesPerNode) {
    throw new ReportError(`a node has ${latest.size} leaves, more than ${limits.leavesPerNode}`, {
      code: 'limit',
    });
  }
  const controls = controlsOf(value, latest.get('active_controls'), timeMs);
  latest.delete('active_controls');
  const counters = Object.entries(objectOf(value.counters));
  return mergeNodes(emptyNode, {
    ...emptyNode,
    bornMs: timeMs,
    latest,
    controls,
    sets: groupsOf(value.sets, timeMs),
    parents: groupsOf(value.parents, timeMs),
    edges: new Map(textsOf(value.adjacency).map((id) => [id, { timeMs, value: plainEdge }])),
    counters: new Map(
      counters.map(([name, count]) => [name, new Map([[scopeWriter, { timeMs, value: numberOf(count) }]])]),
    ),
    metrics: metricsOf(value.metrics, timeMs),
  });
}

function topologyOf(value: JsonObject, timeMs: number, limits: DecodeLimits): Topology {
  const entries = Object.entries(objectOf(value.nodes)).filter((entry): entry is [string, JsonObject] =>
    isObject(entry[1]),
  );
  if (entries.length > limits.nodes) {
    throw new ReportError(`a topology has ${entries.length} nodes, more than ${limits.nodes}`, {
      code: 'limit',
    });
  }
  return {
    nodes: new Map(entries.map(([id, node]) => [id, nodeOf(node, timeMs, limits)])),
    templates: new Map(
      scopeTemplates(value).map(([key, template]): [string, Leaf<Template>] => [
        key,
        { timeMs: 1, value: template },
      ]),
    ),
  };
}

/** Names and plugins have members of another shape in Scope; here they are nodes like all others. */
function nodesOfTexts(latest: readonly [string, Record<string, string>][], timeMs: number): Topology {
  return {
    templates: noLeaves(),
    nodes: new Map(
      latest.map(([id, texts]) => [
        id,
        {
          ...emptyNode,
          bornMs: timeMs,
          latest: new Map(Object.entries(texts).map(([key, value]) => [key, { timeMs, value }])),
        },
      ]),
    ),
  };
}

function dnsOf(value: JsonObject, timeMs: number): Topology {
  return {
    templates: noLeaves(),
    nodes: new Map(
      Object.entries(value).map(([address, names]) => [
        address,
        { ...emptyNode, bornMs: timeMs, sets: groupsOf(names, timeMs) },
      ]),
    ),
  };
}

function pluginsOf(value: unknown[], timeMs: number): Topology {
  const plugins = value.filter(isObject).map((plugin): [string, Record<string, string>] => [
    textOf(plugin.id),
    {
      label: textOf(plugin.label),
      description: textOf(plugin.description),
      interfaces: textsOf(plugin.interfaces).join(';'),
      api_version: textOf(plugin.api_version),
      status: textOf(plugin.status),
    },
  ]);
  return nodesOfTexts(plugins, timeMs);
}

/**
 * A report in Scope's JSON form, as its probes, plugins and `GET /api/report` give it. Times that are no text, as in its
 * binary form, count as the report's own, and that as `nowMs` if it has none.
 *
 * @throws ReportError `invalid` if it is no object, `limit` beyond one of `DecodeLimits`
 */
export function fromScopeReport(
  json: unknown,
  nowMs: number,
  givenLimits: Partial<DecodeLimits> = {},
): Report {
  if (!isObject(json))
    throw new ReportError('a report of Scope is an object with topologies', { code: 'invalid' });
  const limits = { ...defaultDecodeLimits, ...givenLimits };
  const timeMs = timeOf(json.TS, nowMs);
  const topologies = new Map<string, Topology>();
  for (const [member, value] of Object.entries(json)) {
    const name = topologyOfMember(member);
    if (name === undefined || !isObject(value)) continue;
    const topology = topologyOf(value, timeMs, limits);
    if (topology.nodes.size > 0 || topology.templates.size > 0) topologies.set(name, topology);
  }
  if (isObject(json.DNS) && Object.keys(json.DNS).length > 0) topologies.set('dns', dnsOf(json.DNS, timeMs));
  const plugins = listOf(json.Plugins);
  if (plugins.length > 0) topologies.set('plugin', pluginsOf(plugins, timeMs));
  return { topologies };
}
