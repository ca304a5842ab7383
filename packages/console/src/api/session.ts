/** Who looks, and what they may do. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { z } from 'zod';
import { request } from './request.ts';

export const role = z.enum(['viewer', 'operator', 'admin']);
export type Role = z.output<typeof role>;

const principal = z.object({ name: z.string(), role });
export type Principal = z.output<typeof principal>;

const ranks: readonly Role[] = ['viewer', 'operator', 'admin'];

/** The server decides; this is for what is offered. */
export const permits = (who: Principal | undefined, needed: Role): boolean =>
  who !== undefined && ranks.indexOf(who.role) >= ranks.indexOf(needed);

const sessionKey = ['session'];

export const useSession = () =>
  useQuery({
    queryKey: sessionKey,
    queryFn: ({ signal }) => request('/api/me', { schema: principal, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

export function useLogin() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { name: string; password: string }) =>
      request('/api/login', { method: 'POST', body, schema: principal }),
    onSuccess: () => client.resetQueries(),
  });
}

export function useLogout() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => request('/api/logout', { method: 'POST' }),
    onSettled: () => client.resetQueries(),
  });
}
