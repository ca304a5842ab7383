/** What the settings show and change. */
import { clusterSummary, migrationList } from '@orchestrator/monitor/schema';
import { useQuery } from '@tanstack/react-query';
import { z } from 'zod';
import { request, role } from '../api/index.ts';

const account = z.object({ name: z.string(), role, changedMs: z.number() });
export type Account = z.output<typeof account>;

const auditEntry = z.looseObject({
  ...{ id: z.number(), atMs: z.number(), principal: z.string(), action: z.string(), target: z.string() },
  detail: z.unknown(),
  outcome: z.string().nullable(),
});
export type AuditEntry = z.output<typeof auditEntry>;

export const accountsKey = ['accounts'] as const;
const auditLength = 500;

export const useAccounts = () =>
  useQuery({
    queryKey: accountsKey,
    queryFn: ({ signal }) => request('/api/accounts', { schema: z.array(account), signal }),
  });

export const putAccount = (name: string, body: { role: Account['role']; password?: string }) =>
  request(`/api/accounts/${encodeURIComponent(name)}`, { method: 'PUT', body });

export const removeAccount = (name: string) =>
  request(`/api/accounts/${encodeURIComponent(name)}`, { method: 'DELETE' });

export const useAudit = () =>
  useQuery({
    queryKey: ['audit'],
    queryFn: ({ signal }) =>
      request('/api/audit', {
        query: { limit: auditLength },
        schema: z.object({ entries: z.array(auditEntry) }),
        signal,
      }),
  });

const refetchInterval = 5_000;

export const useMasters = () =>
  useQuery({
    queryKey: ['cluster', 'summary'],
    queryFn: ({ signal }) => request('/api/cluster', { schema: clusterSummary, signal }),
    refetchInterval,
  });

export const useCoordinators = () =>
  useQuery({
    queryKey: ['migrations'],
    queryFn: ({ signal }) => request('/api/migrations', { schema: migrationList, signal }),
    refetchInterval,
  });
