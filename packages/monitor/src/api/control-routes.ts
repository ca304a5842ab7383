/** What can be done with nodes: Scope's path, many at once, and the short paths for containers. */
import type { HttpServer } from '@orchestrator/runtime';
import { z } from 'zod';
import type { ControlResult } from '../control/link.ts';
import { MonitorError } from '../errors.ts';
import { textOf } from '../view/lineage.ts';
import type { Services } from './services.ts';

const tags = ['controls'];
const id = z.string().min(1).max(2_000);
const argumentsSchema = z.record(z.string().max(200), z.string().max(10_000)).nullish();
const maxNodesAtOnce = 1_000;

export const controlAnswer = z
  .object({
    value: z.string().optional(),
    pipe: z.string().optional().describe('Bytes follow at `WS /api/pipe/{pipe}`'),
    raw_tty: z.boolean().optional(),
    resize_tty_control: z.string().optional().describe('To be called with `pipeID`, `width`, `height`'),
    removedNode: z.string().optional(),
  })
  .meta({ id: 'ControlAnswer' });

/** In Scope's names. */
export function answerOf(result: ControlResult): z.output<typeof controlAnswer> {
  const { value, pipeId, rawTty, resizeTtyControl, removedNode } = result;
  return {
    ...(value === undefined ? {} : { value }),
    ...(pipeId === undefined ? {} : { pipe: pipeId }),
    ...(rawTty === undefined ? {} : { raw_tty: rawTty }),
    ...(resizeTtyControl === undefined ? {} : { resize_tty_control: resizeTtyControl }),
    ...(removedNode === undefined ? {} : { removedNode }),
  };
}

const suffix = ';<container>';
const shortestIdPrefix = 6;

/** By id, the beginning of an id as `docker ps` shows it, or name. */
export function findContainer({ collector }: Pick<Services, 'collector'>, wanted: string): string {
  const nodes = collector.report().topologies.get('container')?.nodes ?? new Map();
  const full = wanted.endsWith(suffix) ? wanted : `${wanted}${suffix}`;
  if (nodes.has(full)) return full;
  const found: string[] = [];
  for (const [nodeId, node] of nodes) {
    const isMeant =
      (wanted.length >= shortestIdPrefix && nodeId.startsWith(wanted)) ||
      textOf(node, 'docker_container_name').replace(/^\//, '') === wanted;
    if (isMeant) found.push(nodeId);
  }
  const [only] = found;
  if (found.length === 1 && only !== undefined) return only;
  if (only === undefined) throw new MonitorError('not-found', `there is no container "${wanted}"`);
  throw new MonitorError('conflict', `"${wanted}" means ${found.length} containers`, {
    remedy: 'give the whole id',
  });
}

const actions = ['start', 'stop', 'restart', 'pause', 'unpause', 'remove', 'exec', 'attach', 'logs'] as const;

export function controlRoutes(server: HttpServer, services: Services): void {
  const { controls } = services;
  // Every control asks for a role of its own, which is checked and audited where it is run.
  const post = { method: 'POST', role: 'viewer', tags } as const;
  server.route({
    ...{ ...post, path: '/api/control/:probe/:node/:control', summary: 'Runs a control that the node lists' },
    schemas: {
      params: z.object({ probe: id, node: id, control: id }),
      body: argumentsSchema,
      response: controlAnswer,
    },
    handle: async ({ params, body, principal }) => {
      const { probe: probeId, node: nodeId, control } = params;
      return answerOf(await controls.run(principal, { probeId, nodeId, control, arguments: body ?? {} }));
    },
  });
  server.route({
    ...{ ...post, path: '/api/controls', summary: 'Runs one control on many nodes, with a result for each' },
    schemas: {
      body: z.object({
        control: id,
        nodes: z
          .array(z.object({ id, probe: id.optional() }))
          .min(1)
          .max(maxNodesAtOnce),
        arguments: argumentsSchema,
      }),
      response: z.object({
        results: z.array(
          z.object({
            node: z.string(),
            ok: z.boolean(),
            answer: controlAnswer.optional(),
            code: z.string().optional(),
            message: z.string().optional(),
          }),
        ),
      }),
    },
    handle: async ({ body, principal }) => {
      const given = { control: body.control, arguments: body.arguments ?? {} };
      const outcomes = await controls.runAll(
        principal,
        body.nodes.map(({ id: nodeId, probe }) => ({
          nodeId,
          ...given,
          ...(probe === undefined ? {} : { probeId: probe }),
        })),
      );
      const results = outcomes.map((outcome) =>
        outcome.ok
          ? { node: outcome.nodeId, ok: true, answer: answerOf(outcome.result) }
          : { node: outcome.nodeId, ok: false, code: outcome.code, message: outcome.message },
      );
      return { results };
    },
  });
  server.route({
    ...{
      ...post,
      path: '/api/containers/:id/:action',
      summary: 'Start, stop, restart, exec and so on, by id or name',
    },
    schemas: {
      params: z.object({ id, action: z.enum(actions) }),
      body: argumentsSchema,
      response: controlAnswer,
    },
    handle: async ({ params, body, principal }) => {
      const nodeId = findContainer(services, params.id);
      const control = `docker_${params.action}_container`;
      return answerOf(await controls.run(principal, { nodeId, control, arguments: body ?? {} }));
    },
  });
}
