/** What was: metrics as lines, and the times at which there are pictures for `timestamp`. */
import type { HttpServer } from '@orchestrator/runtime';
import { z } from 'zod';
import type { MetricHistory } from '../keep/metric-history.ts';
import type { PictureHistory } from '../keep/picture-history.ts';
import type { Services } from './services.ts';

const tags = ['history'];
const timeMs = z.coerce.number().int().min(0);
const dayMs = 86_400_000;

export interface History {
  readonly metrics: MetricHistory;
  readonly pictures: PictureHistory;
}

export function historyRoutes(server: HttpServer, { clock }: Services, history: History): void {
  const spanOf = ({ from, to }: { from?: number | undefined; to?: number | undefined }) => {
    const toMs = to ?? clock.nowMs();
    return { fromMs: from ?? toMs - dayMs, toMs };
  };
  const span = { from: timeMs.optional().describe('Default a day before `to`'), to: timeMs.optional() };
  server.route({
    ...{
      method: 'GET',
      path: '/api/history/metrics',
      role: 'viewer',
      tags,
      summary: 'A metric of a node over time',
    },
    schemas: {
      query: z.object({ node: z.string().max(2_000), metric: z.string().max(200), ...span }),
      response: z.object({
        resolutionMs: z.number(),
        points: z.array(z.object({ atMs: z.number(), mean: z.number(), min: z.number(), max: z.number() })),
      }),
    },
    handle: ({ query }) => {
      const { fromMs, toMs } = spanOf(query);
      return history.metrics.read(query.node, query.metric, fromMs, toMs);
    },
  });
  server.route({
    ...{ method: 'GET', path: '/api/history/pictures', role: 'viewer', tags },
    summary: 'Times that can be looked back at',
    schemas: { query: z.object(span), response: z.object({ timesMs: z.array(z.number()) }) },
    handle: ({ query }) => {
      const { fromMs, toMs } = spanOf(query);
      return { timesMs: history.pictures.times(fromMs, toMs) };
    },
  });
}
