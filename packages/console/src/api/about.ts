/** What answers here: `GET /api`. */
import { useQuery } from '@tanstack/react-query';
import { z } from 'zod';
import { request } from './request.ts';

const plugin = z.looseObject({
  ...{ id: z.string(), label: z.string(), description: z.string(), status: z.string() },
  host: z.string(),
  interfaces: z.array(z.string()),
});
export type Plugin = z.output<typeof plugin>;

const about = z.looseObject({
  ...{ version: z.string(), hostname: z.string(), plugins: z.array(plugin) },
  /** Where probes are listened for. */
  probeService: z.looseObject({
    ...{ host: z.string(), port: z.number(), tls: z.boolean(), token: z.boolean() },
  }),
});
export type About = z.output<typeof about>;

const refetchInterval = 5_000;

export const useAbout = () =>
  useQuery({
    queryKey: ['about'],
    queryFn: ({ signal }) => request('/api', { schema: about, signal }),
    refetchInterval,
  });
