import { useMemo } from 'react';
import {
  Button,
  type Column,
  EmptyState,
  ErrorState,
  formatTime,
  Loading,
  Panel,
  Status,
  Table,
  useToasts,
} from '../ui/index.ts';
import { type AuditEntry, type Place, useAudit, verifyAudit } from './requests.ts';

const describe = ({ details, error }: AuditEntry): string =>
  [
    error === null ? '' : error.message,
    ...Object.entries(details).map(([key, value]) => `${key}: ${textOf(value)}`),
  ]
    .filter((part) => part !== '')
    .join('; ');

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const columns: readonly Column<AuditEntry>[] = [
  {
    ...{ id: 'seq', label: 'No.', width: '64px' },
    value: ({ seq }) => seq,
    render: ({ seq }) => seq,
  },
  { id: 'time', label: 'When', width: '172px', render: ({ timeMs }) => formatTime(timeMs) },
  {
    ...{ id: 'actor', label: 'Who', width: 'minmax(120px, 1fr)' },
    value: ({ actor }) => actor,
    render: ({ actor }) => actor,
  },
  {
    ...{ id: 'action', label: 'What', width: 'minmax(120px, 1fr)' },
    value: ({ action }) => action,
    render: ({ action, error }) => (error === null ? action : <Status tone="bad">{action}</Status>),
  },
  {
    ...{ id: 'details', label: 'Details', width: 'minmax(220px, 4fr)' },
    render: (entry) => <span title={describe(entry)}>{describe(entry)}</span>,
  },
];

/** Everything that was done and that happened. Each entry holds the hash of the one before it. */
export function AuditLog({ at }: { readonly at: Place }) {
  const { data, error, refetch } = useAudit(at);
  const toasts = useToasts();
  const rows = useMemo(() => data ?? [], [data]);
  if (data === undefined && error !== null)
    return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading />;
  const check = async () => {
    const verdict = await verifyAudit(at).catch((failed: unknown) => void toasts.failed(failed));
    if (verdict === undefined) return;
    if (verdict.intact) toasts.done(`All ${verdict.entries} entries are exactly as they were written`);
    else toasts.failed(new Error(verdict.findings.join('; ')), 'The audit log was changed');
  };
  return (
    <Panel title="Audit log" flush actions={<Button onClick={() => void check()}>Prove it intact</Button>}>
      {rows.length === 0 ? (
        <EmptyState icon="logs" title="Nothing was done yet" />
      ) : (
        <Table
          fitted
          label="Audit log"
          columns={columns}
          rows={rows}
          keyOf={({ seq }) => String(seq)}
          sorting={{ column: 'seq', descending: true }}
        />
      )}
    </Panel>
  );
}
