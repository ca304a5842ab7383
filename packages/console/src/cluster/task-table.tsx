import type { ClusterTask } from '@orchestrator/monitor/schema';
import { useLocation } from 'wouter';
import {
  Ago,
  Badge,
  type Column,
  ErrorState,
  formatNumber,
  Loading,
  Panel,
  Status,
  Table,
} from '../ui/index.ts';
import { amountText } from './amounts.ts';
import { type TaskFilter, taskLimit, useTasks } from './requests.ts';
import { taskTones, taskWord } from './task-states.ts';

const columns: readonly Column<ClusterTask>[] = [
  {
    ...{ id: 'name', label: 'Task', width: 'minmax(130px, 3fr)' },
    value: ({ name }) => name,
    render: ({ name, id }) => <span title={id}>{name}</span>,
  },
  {
    ...{ id: 'state', label: 'State', width: 'minmax(96px, 1fr)' },
    value: ({ state }) => state,
    render: ({ state, healthy }) => (
      <>
        <Status tone={taskTones[state]}>{taskWord(state)}</Status>{' '}
        {healthy === false && <Badge tone="bad">unhealthy</Badge>}
      </>
    ),
  },
  {
    ...{ id: 'framework', label: 'Framework', width: 'minmax(100px, 2fr)' },
    value: ({ frameworkName }) => frameworkName,
    render: ({ frameworkName }) => frameworkName,
  },
  {
    ...{ id: 'host', label: 'Host', width: 'minmax(90px, 2fr)' },
    value: ({ hostName }) => hostName,
    render: ({ hostName }) => hostName,
  },
  ...(['cpus', 'mem'] as const).map(
    (name): Column<ClusterTask> => ({
      ...{ id: name, label: name === 'cpus' ? 'CPUs' : 'Memory', width: '80px', align: 'right' },
      value: ({ resources }) => resources[name] ?? 0,
      render: ({ resources }) => amountText(name, resources[name] ?? 0),
    }),
  ),
  {
    ...{ id: 'changed', label: 'Changed', width: '118px' },
    value: ({ changedMs }) => changedMs,
    render: ({ changedMs }) => (changedMs === 0 ? '' : <Ago atMs={changedMs} />),
  },
];

/** The tasks that a filter finds. */
export function TaskTable(props: {
  readonly title: string;
  readonly filter: TaskFilter;
  readonly revision: number;
  /** Said where there is none. */
  readonly empty: string;
}) {
  const { title, filter, revision, empty } = props;
  const [, navigate] = useLocation();
  const { data, error, refetch } = useTasks(filter, revision);
  const total = data?.total ?? 0;
  const note =
    total > taskLimit ? `the ${formatNumber(taskLimit)} changed last of ${formatNumber(total)}` : total;
  return (
    <Panel title={title} flush actions={data !== undefined && <span className="aside">{note}</span>}>
      {data === undefined &&
        (error === null ? <Loading /> : <ErrorState error={error} onRetry={() => void refetch()} />)}
      {data !== undefined && (
        <Table
          fitted
          label={title}
          columns={columns}
          rows={data.tasks}
          keyOf={({ frameworkId, id }) => `${frameworkId} ${id}`}
          onOpen={({ frameworkId, id }) =>
            navigate(`/cluster/tasks/${encodeURIComponent(frameworkId)}/${encodeURIComponent(id)}`)
          }
          sorting={{ column: 'changed', descending: true }}
          empty={empty}
        />
      )}
    </Panel>
  );
}
