import type { MigrationConflict } from '@orchestrator/monitor/schema';
import { useMemo, useState } from 'react';
import { Ago, Badge, type Column, EmptyState, ErrorState, Loading, Panel, Table } from '../ui/index.ts';
import { ConflictDialog } from './conflict-dialog.tsx';
import { type Place, useConflicts } from './requests.ts';

const decisions = { source: 'old side won', target: 'new side won', held: 'waits for you' } as const;

const columns: readonly Column<MigrationConflict>[] = [
  {
    ...{ id: 'path', label: 'Node', width: 'minmax(200px, 3fr)' },
    value: ({ path }) => path,
    render: ({ path }) => <code>{path}</code>,
  },
  {
    ...{ id: 'decision', label: 'Decision', width: 'minmax(110px, 1fr)' },
    value: ({ decision }) => decision,
    render: ({ decision }) => (
      <Badge tone={decision === 'held' ? 'warn' : 'idle'}>{decisions[decision]}</Badge>
    ),
  },
  {
    ...{ id: 'reason', label: 'Why', width: 'minmax(160px, 3fr)' },
    render: ({ reason }) => <span title={reason}>{reason}</span>,
  },
  {
    ...{ id: 'recorded', label: 'Recorded', width: '118px' },
    value: ({ recorded_ms: recordedMs }) => recordedMs,
    render: ({ recorded_ms: recordedMs }) => <Ago atMs={recordedMs} />,
  },
];

export function Conflicts({ at }: { readonly at: Place }) {
  const { data, error, refetch } = useConflicts(at);
  const [openId, setOpenId] = useState<string>();
  const conflicts = useMemo(() => data?.conflicts ?? [], [data]);
  const open = conflicts.find(({ id }) => id === openId);
  if (data === undefined && error !== null)
    return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading />;
  if (conflicts.length === 0) {
    return (
      <EmptyState icon="check" title="No node was changed on both sides at once">
        Such changes are decided by the configured strategy, and are all listed here with both values.
      </EmptyState>
    );
  }
  return (
    <Panel title="Conflicts" flush>
      <Table
        fitted
        label="Conflicts"
        columns={columns}
        rows={conflicts}
        keyOf={({ id }) => id}
        onOpen={({ id }) => setOpenId(id)}
        sorting={{ column: 'recorded', descending: true }}
      />
      {open !== undefined && <ConflictDialog at={at} conflict={open} onClose={() => setOpenId(undefined)} />}
    </Panel>
  );
}
