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
  type Tone,
} from '../ui/index.ts';
import { type AuditEntry, useAudit } from './requests.ts';

function toneOf(outcome: string | null): Tone {
  if (outcome === null) return 'info';
  return outcome === 'done' ? 'ok' : 'bad';
}

const detailOf = ({ detail }: AuditEntry) => (detail === null ? '' : JSON.stringify(detail));

const columns: readonly Column<AuditEntry>[] = [
  {
    ...{ id: 'time', label: 'When', width: '172px' },
    value: ({ id }) => id,
    render: ({ atMs }) => formatTime(atMs),
  },
  {
    ...{ id: 'who', label: 'Who', width: 'minmax(100px, 1fr)' },
    value: ({ principal }) => principal,
    render: ({ principal }) => principal,
  },
  {
    ...{ id: 'action', label: 'What', width: 'minmax(140px, 1fr)' },
    value: ({ action }) => action,
    render: ({ action }) => action,
  },
  {
    ...{ id: 'target', label: 'To what', width: 'minmax(140px, 2fr)' },
    value: ({ target }) => target,
    render: ({ target }) => <span title={target}>{target}</span>,
  },
  {
    ...{ id: 'outcome', label: 'What came of it', width: 'minmax(160px, 2fr)' },
    value: ({ outcome }) => outcome ?? '',
    render: ({ outcome }) => (
      <span title={outcome ?? undefined}>
        <Status tone={toneOf(outcome)}>{outcome ?? 'not ended'}</Status>
      </span>
    ),
  },
  {
    ...{ id: 'detail', label: 'Details', width: 'minmax(140px, 2fr)' },
    render: (entry) => <span title={detailOf(entry)}>{detailOf(entry)}</span>,
  },
];

/** What was done through this monitor, the latest first. */
export function AuditLog() {
  const { data, error, refetch, isFetching } = useAudit();
  if (data === undefined && error !== null)
    return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading />;
  return (
    <Panel
      title="Audit log"
      flush
      actions={
        <Button icon="restart" busy={isFetching} onClick={() => void refetch()}>
          Look again
        </Button>
      }
    >
      <Table
        fitted
        label="Audit log"
        columns={columns}
        rows={data.entries}
        keyOf={({ id }) => String(id)}
        sorting={{ column: 'time', descending: true }}
        empty={<EmptyState icon="logs" title="Nothing was done through this monitor yet" />}
      />
    </Panel>
  );
}
