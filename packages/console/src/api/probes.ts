/** Who reports to the monitor: `GET /api/probes`. */
import { useQuery } from '@tanstack/react-query';
import { z } from 'zod';
import { request } from './request.ts';

const probe = z.looseObject({
  ...{ id: z.string(), hostname: z.string(), version: z.string(), lastSeen: z.string() },
  connected: z.boolean(),
  nodes: z.number(),
});
export type Probe = z.output<typeof probe>;

const refetchInterval = 3_000;

/** One question for all pages: two with one key and different answers would be taken for each other. */
export const useProbes = () =>
  useQuery({
    queryKey: ['probes'],
    queryFn: ({ signal }) => request('/api/probes', { schema: z.array(probe), signal }),
    refetchInterval,
  });
