/** Views that a person comes back to, by name. The monitor keeps them, so that they are there in every browser. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { z } from 'zod';
import { request } from '../../api/index.ts';

const savedViews = z.array(
  z.object({
    name: z.string(),
    /** Path and query of the page. */
    address: z.string().startsWith('/topology'),
  }),
);

const queryKey = ['saved views'] as const;
const pathOf = (name: string) => `/api/saved-views/${encodeURIComponent(name)}`;

/** Asked for only where they are shown. */
export const useSavedViews = (isShown: boolean) =>
  useQuery({
    queryKey,
    queryFn: ({ signal }) => request('/api/saved-views', { schema: savedViews, signal }),
    enabled: isShown,
  });

function useChange<Given>(change: (given: Given) => Promise<undefined>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: change, onSettled: () => client.invalidateQueries({ queryKey }) });
}

export const useSaveView = () =>
  useChange(({ name, address }: { readonly name: string; readonly address: string }) =>
    request(pathOf(name), { method: 'PUT', body: { address } }),
  );

export const useForgetView = () => useChange((name: string) => request(pathOf(name), { method: 'DELETE' }));
