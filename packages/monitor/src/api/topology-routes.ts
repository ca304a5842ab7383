/** Scope's paths for what is there: `/api`, `/api/topology…`, `/api/probes`. */
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ReportNode } from '@orchestrator/report';
import type { HttpServer, Principal } from '@orchestrator/runtime';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { MonitorError } from '../errors.ts';
import { completeQuery } from '../query/complete.ts';
import { type ViewDefinition, viewDefinitions } from '../view/definitions.ts';
import { detailOf } from '../view/detail.ts';
import { nodesJson } from '../view/json.ts';
import { nodeOf, textOf } from '../view/lineage.ts';
import { chooseOptions } from '../view/options.ts';
import { statsOf } from '../view/renderer.ts';
import type { Moment } from './past.ts';
import type { Services } from './services.ts';
import { lastOf, nodeParams, viewParams, viewQuery, viewRequest, wantsFlows } from './view-request.ts';

const tags = ['topology'];
/** Nodes in an answer that is made at once; of more, what is made is on its way while the rest is made. */
const mostAtOnce = 100;
const anything = z.looseObject({});

/** Plugins as nodes of the report tell of them: `HOST;PLUGIN`, or `PLUGIN` by a probe of Scope. */
function pluginsOf({ collector }: Services) {
  const report = collector.report();
  const nodes = report.topologies.get('plugin')?.nodes ?? new Map<string, ReportNode>();
  return Array.from(nodes, ([id, node]) => ({
    api_version: textOf(node, 'api_version'),
    description: textOf(node, 'description'),
    host: textOf(nodeOf(report, 'host', textOf(node, 'host_node_id')), 'host_name'),
    id: id.slice(id.lastIndexOf(';') + 1),
    interfaces: textOf(node, 'interfaces')
      .split(';')
      .filter((name) => name !== ''),
    label: textOf(node, 'label'),
    status: textOf(node, 'status'),
  }));
}

type Options = Readonly<Record<string, string | string[]>>;

/** Several, one after the other: rendering all views of thousands of nodes at once would hold up everything else. */
async function describeViews(
  moment: Moment,
  views: readonly ViewDefinition[],
  mine: readonly ViewDefinition[],
  parameters: Options,
): Promise<Record<string, unknown>[]> {
  const described: Record<string, unknown>[] = [];
  for (const view of views) {
    described.push(await describeView(moment, view, mine, parameters));
    await nextTurn();
  }
  return described.sort(byName);
}

async function describeView(
  moment: Moment,
  view: ViewDefinition,
  mine: readonly ViewDefinition[],
  parameters: Options,
): Promise<Record<string, unknown>> {
  const { report, renderer } = moment;
  const single = Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, String(value)]));
  const options = chooseOptions(view, single);
  const stats = statsOf(renderer.render(report, { view, options, query: '' }));
  const below = mine.filter(({ under }) => under === view.id);
  const described = await describeViews(moment, below, mine, parameters);
  return {
    hide_if_empty: view.hideIfEmpty,
    name: view.name,
    options: view.options.length === 0 ? null : view.options,
    rank: view.rank,
    stats: {
      edge_count: stats.edgeCount,
      filtered_nodes: stats.filteredNodes,
      node_count: stats.nodeCount,
      nonpseudo_node_count: stats.nonPseudoNodeCount,
    },
    ...(described.length === 0 ? {} : { sub_topologies: described }),
    url: `/api/topology/${view.id}`,
  };
}

const byName = (a: Record<string, unknown>, b: Record<string, unknown>) =>
  String(a.name) < String(b.name) ? -1 : 1;

export function topologyRoutes(server: HttpServer, services: Services): void {
  const { collector, momentAt, views } = services;
  const get = { method: 'GET', role: 'viewer', tags } as const;
  const viewOf = async (id: string, query: Options, reply: FastifyReply, principal: Principal) => {
    views.requireView(principal, id);
    reply.type('application/json; charset=utf-8');
    const { report, renderer } = await momentAt(lastOf(query.timestamp));
    const { nodes } = renderer.render(report, viewRequest(id, query));
    const pieces = nodesJson(nodes, wantsFlows(query));
    return nodes.size <= mostAtOnce ? Buffer.concat([...pieces]).toString() : Readable.from(pieces);
  };

  server.route({
    ...{ ...get, path: '/api', summary: 'What answers here' },
    schemas: { response: anything },
    handle: () => ({
      capabilities: { historic_reports: true },
      hostname: services.hostName,
      id: services.appId,
      plugins: pluginsOf(services),
      probeService: services.probeService(),
      version: services.version,
    }),
  });
  server.route({
    ...{
      ...get,
      path: '/api/probes',
      summary: 'The probes that have reported lately; `sparse`: whether there are any',
    },
    schemas: { query: z.looseObject({ sparse: z.string().optional() }), response: z.any() },
    handle: ({ query }) => {
      const probes = collector.probes();
      if (query.sparse !== undefined) return JSON.stringify(probes.length > 0);
      return probes.map(({ id, hostName, version, lastSeenMs, connected, nodes, clockOffsetMs }) => ({
        ...{ hostname: hostName, id, lastSeen: new Date(lastSeenMs).toISOString(), version },
        ...{ connected, nodes, clockOffsetMs },
      }));
    },
  });
  server.route({
    ...{ ...get, path: '/api/topology', summary: 'The views there are; with `view`, the nodes of one' },
    schemas: { query: viewQuery, response: z.any() },
    handle: async ({ query, reply, principal }) => {
      const { view, timestamp, ...rest } = query;
      if (typeof view === 'string')
        return viewOf(view, timestamp === undefined ? rest : { ...rest, timestamp }, reply, principal);
      const moment = await momentAt(lastOf(timestamp));
      const mine = viewDefinitions.filter(({ id }) => views.mayView(principal, id));
      const top = mine.filter(({ under }) => under === undefined);
      return describeViews(moment, top, mine, rest);
    },
  });
  server.route({
    ...{ ...get, path: '/api/query', summary: 'What could be written next in a query' },
    schemas: {
      query: z.object({
        view: z.string().max(100),
        text: z.string().max(1_000),
        at: z.coerce.number().int().min(0).optional().describe('Of the cursor; default the end of the text'),
      }),
      response: z.object({ from: z.number(), to: z.number(), suggestions: z.array(z.string()) }),
    },
    handle: async ({ query: { view, text, at = text.length }, principal }) => {
      views.requireView(principal, view);
      const { report, renderer } = await momentAt(undefined);
      return completeQuery(text, at, renderer.render(report, viewRequest(view, {})).nodes);
    },
  });
  server.route({
    ...{ ...get, path: '/api/topology/:view', summary: 'The nodes of a view' },
    schemas: { params: viewParams, query: viewQuery, response: anything },
    handle: ({ params, query, reply, principal }) => viewOf(params.view, query, reply, principal),
  });
  server.route({
    ...{ ...get, path: '/api/topology/:view/:id', summary: 'All that is known of one node' },
    schemas: { params: nodeParams, query: viewQuery, response: anything },
    handle: async ({ params, query, principal }) => {
      views.requireView(principal, params.view);
      const { report, renderer } = await momentAt(lastOf(query.timestamp));
      const view = renderer.render(report, viewRequest(params.view, query));
      const node = detailOf(report, view, params.id, collector.ownersOf);
      if (node !== undefined) return { node };
      throw new MonitorError('not-found', `there is no node "${params.id}" in ${params.view}`, {
        remedy: 'it may be gone, or hidden by an option',
      });
    },
  });
}
