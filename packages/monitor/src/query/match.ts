import { labelOf } from '../view/grouping.ts';
import type { RenderedNode } from '../view/summarise.ts';
import { parseQuery } from './parse.ts';
import type { Operator, Query } from './syntax.ts';

export type Matcher = (node: RenderedNode) => boolean;

const maxKeptQueries = 500;
const compiled = new Map<string, Matcher>();

/** Short names of metrics, by what their ids hold. */
export const metricAliases: Readonly<Record<string, RegExp>> = {
  cpu: /cpu/,
  memory: /mem/,
  mem: /mem/,
  files: /open_files/,
};

function compareNumbers(a: number, operator: Operator, b: number): boolean {
  switch (operator) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    case '!=':
      return a !== b;
    default:
      return a === b;
  }
}

function compareTexts(texts: readonly string[], operator: Operator, value: string): boolean {
  if (operator === '!=') return !texts.includes(value);
  return operator === '=' ? texts.includes(value) : texts.some((text) => text.includes(value));
}

const lower = (text: string) => text.toLowerCase();

/** All that a text is looked for in. */
function* textsOf({ summary }: RenderedNode): Generator<string> {
  yield summary.label;
  yield summary.labelMinor;
  yield summary.id;
  for (const { value } of summary.metadata ?? []) yield value;
  for (const { label } of summary.parents ?? []) yield label;
  for (const { rows } of summary.tables ?? []) for (const { entries } of rows) yield* Object.values(entries);
}

function hasText(node: RenderedNode, text: string): boolean {
  for (const candidate of textsOf(node)) if (lower(candidate).includes(text)) return true;
  return false;
}

function metricOf({ summary }: RenderedNode, field: string): number | undefined {
  const alias = metricAliases[field];
  const isMeant = ({ id, label }: { id: string; label: string }) =>
    id === field || lower(label) === field || alias?.test(id) === true;
  return summary.metrics?.find(isMeant)?.value;
}

/** The values of a field; rows of a node are found by their id, by its end (`state`) or by what they are called. */
function fieldTexts(node: RenderedNode, field: string): string[] {
  const { summary, graphNode } = node;
  if (field.startsWith('label.')) {
    const label = field.slice('label.'.length);
    const value = graphNode.node === undefined ? '' : labelOf(graphNode.node, label);
    return value === '' ? [] : [lower(value)];
  }
  if (field === 'type') return [graphNode.pseudo === undefined ? graphNode.topology : 'pseudo'];
  if (field === 'id') return [lower(summary.id)];
  if (field === 'name') return [lower(summary.label)];
  const isMeant = (id: string) => id === field || id.endsWith(`_${field}`);
  const texts: string[] = [];
  for (const { id, label, value } of summary.metadata ?? []) {
    if (isMeant(lower(id)) || lower(label) === field) texts.push(lower(value));
  }
  for (const [key, { value }] of graphNode.node?.latest ?? []) {
    if (value !== undefined && isMeant(key)) texts.push(lower(value));
  }
  for (const { topologyId, label } of summary.parents ?? []) {
    if (topologyId.startsWith(field)) texts.push(lower(label));
  }
  return texts;
}

/** Keys of labels may be written in either case. */
const fieldName = (field: string) => (field.startsWith('label.') ? field : lower(field));

function matcherOf(query: Query): Matcher {
  switch (query.kind) {
    case 'all': {
      const all = query.of.map(matcherOf);
      return (node) => all.every((matches) => matches(node));
    }
    case 'any': {
      const any = query.of.map(matcherOf);
      return (node) => any.some((matches) => matches(node));
    }
    case 'not': {
      const matches = matcherOf(query.of);
      return (node) => !matches(node);
    }
    case 'text':
      return (node) => hasText(node, query.text);
    case 'field': {
      const { operator, value, number } = query;
      const field = fieldName(query.field);
      return (node) => {
        const metric = number === undefined ? undefined : metricOf(node, field);
        if (metric !== undefined && number !== undefined) return compareNumbers(metric, operator, number);
        const texts = fieldTexts(node, field);
        if (!/[<>]/.test(operator)) return compareTexts(texts, operator, value);
        return (
          number !== undefined &&
          texts.some((text) => text !== '' && compareNumbers(Number(text), operator, number))
        );
      };
    }
  }
}

/** Undefined for an empty query, which everything matches. @throws MonitorError `invalid`, with the position */
export function compileQuery(query: string): Matcher | undefined {
  if (query.trim() === '') return undefined;
  const known = compiled.get(query);
  if (known !== undefined) return known;
  const matcher = matcherOf(parseQuery(query));
  if (compiled.size >= maxKeptQueries) compiled.clear();
  compiled.set(query, matcher);
  return matcher;
}
