/** From a request's parameters to a view. */
import { z } from 'zod';
import { MonitorError } from '../errors.ts';
import { parseQuery } from '../query/parse.ts';
import { findView, type ViewDefinition, viewDefinitions } from '../view/definitions.ts';
import { chooseOptions } from '../view/options.ts';
import type { ViewRequest } from '../view/request.ts';

/** Any parameter may be an option of the view; those below mean something of their own. */
const value = z.union([z.string().max(2_000), z.array(z.string().max(2_000))]);

export const viewQuery = z
  .object({
    query: value.optional().describe('In the query language'),
    group: value.optional().describe('`label.KEY`: by the values of a label'),
    flows: value.optional().describe('`1`: with the rates of what flows to other nodes'),
    timestamp: value.optional().describe('A time to look back at, as 2026-01-31T12:00:00Z'),
  })
  .catchall(value)
  .describe('And options of the view by the id of their group')
  .transform((given): Record<string, string | string[]> => {
    const isGiven = (entry: [string, string | string[] | undefined]): entry is [string, string | string[]] =>
      entry[1] !== undefined;
    return Object.fromEntries(Object.entries(given).filter(isGiven));
  });

export const viewParams = z.object({ view: z.string().max(100) });
export const nodeParams = viewParams.extend({ id: z.string().max(2_000) });

type Parameters = z.output<typeof viewQuery>;

/** The last value of a parameter that may be repeated. */
export const lastOf = (value: string | string[] | undefined) => (Array.isArray(value) ? value.at(-1) : value);

/** Of Scope's own clients and of ours; they choose no option. */
const notOptions: ReadonlySet<string> = new Set([
  'view',
  'query',
  'group',
  'flows',
  'timestamp',
  'access_token',
]);

export function viewNamed(id: string): ViewDefinition {
  const view = findView(id);
  if (view !== undefined) return view;
  throw new MonitorError('not-found', `there is no view "${id}"`, {
    remedy: `choose one of ${viewDefinitions.map((known) => known.id).join(', ')}`,
  });
}

function labelOf(group: string | undefined): string | undefined {
  if (group === undefined || group === '') return undefined;
  const [, label] = /^label\.(.+)$/.exec(group) ?? [];
  if (label !== undefined) return label;
  throw new MonitorError('invalid', `"${group}" is nothing to group by`, { remedy: 'write group=label.KEY' });
}

/** @throws MonitorError `not-found` for the view, `invalid` for a query or a group */
export function viewRequest(id: string, parameters: Parameters): ViewRequest {
  const view = viewNamed(id);
  const given = Object.entries(parameters).filter(([name]) => !notOptions.has(name));
  const options = chooseOptions(
    view,
    Object.fromEntries(given.map(([name, value]) => [name, lastOf(value)])),
  );
  const query = (lastOf(parameters.query) ?? '').trim();
  if (query !== '') parseQuery(query);
  const label = labelOf(lastOf(parameters.group));
  return { view, options, query, ...(label === undefined ? {} : { label }) };
}

export const wantsFlows = (parameters: Parameters): boolean =>
  ['1', 'true'].includes(lastOf(parameters.flows) ?? '');

/** `2s`, `500ms`, `1m` as Scope's clients write it. */
export function intervalMsOf(text: string | undefined, { least, most, otherwise }: IntervalLimits): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text ?? '');
  if (match === null) return otherwise;
  const factor = match[2] === 'ms' ? 1 : match[2] === 's' ? 1_000 : 60_000;
  return Math.min(most, Math.max(least, Number(match[1]) * factor));
}

export interface IntervalLimits {
  readonly least: number;
  readonly most: number;
  readonly otherwise: number;
}
