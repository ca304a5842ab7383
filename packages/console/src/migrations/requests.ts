/** What the page asks the server for, and what it asks it to do. */
import {
  migrationAuditPage,
  migrationConflicts,
  migrationHealth,
  migrationHistory,
  migrationList,
} from '@orchestrator/monitor/schema';
import { useQuery } from '@tanstack/react-query';
import { z } from 'zod';
import { request } from '../api/index.ts';
import { livePicture } from './live.ts';

/** Which migration, and whose. */
export interface Place {
  readonly coordinator: string;
  readonly id: string;
}

const pathOf = ({ coordinator, id }: Place, rest = '') =>
  `/api/migrations/${encodeURIComponent(coordinator)}/${encodeURIComponent(id)}${rest}`;

export const listKey = ['migrations'] as const;
export const keyOf = ({ coordinator, id }: Place, what: string) => ['migration', coordinator, id, what];

const health = migrationHealth.extend({ live: livePicture.nullable() });
export type Health = z.output<typeof health>;

const auditEntry = z.looseObject({
  ...{ seq: z.number(), timeMs: z.number(), actor: z.string(), action: z.string() },
  details: z.record(z.string(), z.unknown()),
  error: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
});
export type AuditEntry = z.output<typeof auditEntry>;

const auditPage = migrationAuditPage.extend({ entries: z.array(auditEntry) });
const auditVerdict = z.object({ intact: z.boolean(), entries: z.number(), findings: z.array(z.string()) });

export const checkResults = z.looseObject({
  valid: z.boolean(),
  results: z.array(
    z.looseObject({
      ...{ check: z.string(), status: z.enum(['ok', 'warn', 'fail']), found: z.string() },
      remedy: z.string().nullable(),
    }),
  ),
});
export type CheckResults = z.output<typeof checkResults>;
export type CheckResult = CheckResults['results'][number];

export const verifyReport = z.looseObject({
  nodes: z.object({ source: z.number(), target: z.number() }),
  difference_count: z.number(),
  differences: z.array(
    z.looseObject({
      path: z.string(),
      fields: z.array(z.looseObject({ field: z.string(), source: z.string(), target: z.string() })),
    }),
  ),
});
export type VerifyReport = z.output<typeof verifyReport>;

export const useMigrations = () =>
  useQuery({
    queryKey: listKey,
    queryFn: ({ signal }) => request('/api/migrations', { schema: migrationList, signal }),
  });

export const useHealth = (at: Place) =>
  useQuery({
    queryKey: keyOf(at, 'health'),
    queryFn: ({ signal }) => request(pathOf(at, '/health'), { schema: health, signal }),
  });

const historyEveryMs = 30_000;

export const useHistory = (at: Place) =>
  useQuery({
    queryKey: keyOf(at, 'history'),
    queryFn: ({ signal }) => request(pathOf(at, '/history'), { schema: migrationHistory, signal }),
    refetchInterval: historyEveryMs,
  });

export const useConflicts = (at: Place) =>
  useQuery({
    queryKey: keyOf(at, 'conflicts'),
    queryFn: ({ signal }) => request(pathOf(at, '/conflicts'), { schema: migrationConflicts, signal }),
  });

const pageLength = 200;
const lastPage = 50;

/** The whole log, page after page; it is short, since it tells of acts and steps and not of changes. */
export const useAudit = (at: Place) =>
  useQuery({
    queryKey: keyOf(at, 'audit'),
    queryFn: async ({ signal }) => {
      const entries: AuditEntry[] = [];
      for (let page = 0; page < lastPage; page++) {
        const query = { after: entries.at(-1)?.seq ?? 0, limit: pageLength };
        const answer = await request(pathOf(at, '/audit'), { schema: auditPage, query, signal });
        entries.push(...answer.entries);
        if (!answer.more) break;
      }
      return entries;
    },
  });

export const verifyAudit = (at: Place) => request(pathOf(at, '/audit/verify'), { schema: auditVerdict });

export type Act = 'start' | 'pause' | 'resume' | 'advance' | 'rollback';

export const act = (at: Place, name: Act, body: object = {}): Promise<undefined> =>
  request(pathOf(at, `/${name}`), { method: 'POST', body });

export const validate = (at: Place): Promise<CheckResults> =>
  request(pathOf(at, '/validate'), { method: 'POST', body: {}, schema: checkResults });

export const verify = (at: Place, repair: boolean): Promise<VerifyReport> =>
  request(pathOf(at, '/verify'), { method: 'POST', body: { repair }, schema: verifyReport });

export const resolveConflict = (at: Place, conflict: string, winner: 'source' | 'target') =>
  request(pathOf(at, `/conflicts/${encodeURIComponent(conflict)}/resolve`), {
    method: 'POST',
    body: { winner },
  });

export const reportUrl = (at: Place, format: 'html' | 'markdown' | 'json'): string =>
  `${pathOf(at, '/report')}?format=${format}`;
