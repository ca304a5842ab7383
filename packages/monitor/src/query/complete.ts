/** What could be written next, from what there is in a view. */
import { labelPrefixes } from '../view/grouping.ts';
import type { RenderedNode } from '../view/summarise.ts';
import { metricAliases } from './match.ts';

export interface Completion {
  /** Characters of the query that a suggestion replaces. */
  readonly from: number;
  readonly to: number;
  /** The best first. */
  readonly suggestions: readonly string[];
}

const maxSuggestions = 50;
/** Nodes that are looked at; more would not be worth the wait while someone types. */
const maxNodes = 2_000;

const wordBefore = /[^\s()]*$/;
const termOf = /^(-?)([^\s()":=<>!]+)(:|!?=|[<>]=?)(.*)$/;

const quoted = (value: string) => (/[\s()"]/.test(value) ? `"${value.replaceAll('"', '')}"` : value);

function labelKeys({ graphNode }: RenderedNode): string[] {
  const keys: string[] = [];
  for (const key of graphNode.node?.latest.keys() ?? []) {
    const prefix = labelPrefixes.find((known) => key.startsWith(known));
    if (prefix !== undefined) keys.push(`label.${key.slice(prefix.length)}`);
  }
  return keys;
}

function fieldsOf(nodes: readonly RenderedNode[]): Map<string, number> {
  const counts = new Map<string, number>();
  const add = (field: string) => counts.set(field, (counts.get(field) ?? 0) + 1);
  for (const node of nodes) {
    for (const { id } of node.summary.metadata ?? []) add(id);
    for (const { id } of node.summary.metrics ?? []) {
      add(id);
      for (const [alias, pattern] of Object.entries(metricAliases)) if (pattern.test(id)) add(alias);
    }
    for (const { topologyId } of node.summary.parents ?? []) add(topologyId);
    for (const key of labelKeys(node)) add(key);
    add('name');
    add('type');
  }
  return counts;
}

function valuesOf(nodes: readonly RenderedNode[], field: string): Map<string, number> {
  const counts = new Map<string, number>();
  const add = (value: string | undefined) => {
    if (value !== undefined && value !== '') counts.set(value, (counts.get(value) ?? 0) + 1);
  };
  const label = field.startsWith('label.') ? field.slice('label.'.length) : undefined;
  for (const { summary, graphNode } of nodes) {
    if (field === 'name') add(summary.label);
    if (field === 'type') add(graphNode.topology);
    if (label !== undefined) {
      for (const prefix of labelPrefixes) add(graphNode.node?.latest.get(`${prefix}${label}`)?.value);
    }
    add(summary.metadata?.find(({ id }) => id === field || id.endsWith(`_${field}`))?.value);
    for (const parent of summary.parents ?? []) if (parent.topologyId === field) add(parent.label);
  }
  return counts;
}

/** Those that begin with what was typed, then those that hold it, each with the commonest first. */
function ranked(counts: ReadonlyMap<string, number>, typed: string): string[] {
  const wanted = typed.toLowerCase();
  const rank = (text: string) => (text.toLowerCase().startsWith(wanted) ? 0 : 1);
  return [...counts]
    .filter(([text]) => text.toLowerCase().includes(wanted) && text !== typed)
    .sort(([a, m], [b, n]) => rank(a) - rank(b) || n - m || (a < b ? -1 : 1))
    .slice(0, maxSuggestions)
    .map(([text]) => text);
}

/** `at`: where the cursor is, in characters of `query`. */
export function completeQuery(
  query: string,
  at: number,
  view: ReadonlyMap<string, RenderedNode>,
): Completion {
  const nodes = [...view.values()].slice(0, maxNodes);
  const word = wordBefore.exec(query.slice(0, at))?.[0] ?? '';
  const [, minus = '', field, operator, value = ''] = termOf.exec(word) ?? [];
  if (field !== undefined && operator !== undefined) {
    const found = ranked(valuesOf(nodes, field), value.replace(/^"/, ''));
    return { from: at - value.length, to: at, suggestions: found.map(quoted) };
  }
  const sign = minus !== '' || word.startsWith('-') ? 1 : 0;
  return { from: at - word.length + sign, to: at, suggestions: ranked(fieldsOf(nodes), word.slice(sign)) };
}
