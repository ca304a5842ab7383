import type { ClusterAgent } from '@orchestrator/monitor/schema';
import { useLocation } from 'wouter';
import { Badge, type Column, EmptyState, formatNumber, Panel, Status, Table } from '../ui/index.ts';
import { amountText } from './amounts.ts';
import styles from './cluster.module.css';
import type { ClusterState } from './cluster-state.ts';
import { agentTones } from './task-states.ts';
import { UsageBar } from './usage.tsx';

const usageColumn = (name: string, label: string): Column<ClusterAgent> => ({
  ...{ id: name, label, width: 'minmax(126px, 2fr)' },
  value: ({ allocated, total }) => (allocated[name] ?? 0) / Math.max(total[name] ?? 0, 1e-9),
  render: ({ total, allocated, offered }) => (
    <span className={styles.barCell}>
      <UsageBar {...{ name, total, allocated, offered }} />
      <span>
        {amountText(name, allocated[name] ?? 0)} / {amountText(name, total[name] ?? 0)}
      </span>
    </span>
  ),
});

const columns: readonly Column<ClusterAgent>[] = [
  {
    ...{ id: 'host', label: 'Host', width: 'minmax(110px, 2fr)' },
    value: ({ hostName }) => hostName,
    render: ({ hostName, id }) => <span title={id}>{hostName}</span>,
  },
  {
    ...{ id: 'address', label: 'Address', width: '150px' },
    value: ({ address }) => address,
    render: ({ address }) => <code>{address}</code>,
  },
  {
    ...{ id: 'state', label: 'State', width: 'minmax(86px, 1fr)' },
    value: ({ state }) => state,
    render: ({ state, maintenance }) => (
      <>
        <Status tone={agentTones[state]}>{state}</Status>{' '}
        {maintenance !== 'none' && <Badge tone="warn">maintenance {maintenance}</Badge>}
      </>
    ),
  },
  {
    ...{ id: 'tasks', label: 'Tasks', width: '60px', align: 'right' },
    value: ({ tasks }) => tasks,
    render: ({ tasks }) => formatNumber(tasks),
  },
  usageColumn('cpus', 'CPUs'),
  usageColumn('mem', 'Memory'),
  usageColumn('disk', 'Disk'),
];

export function AgentList({ state }: { readonly state: ClusterState }) {
  const [, navigate] = useLocation();
  return (
    <Panel title="Agents" flush>
      <Table
        fitted
        label="Agents"
        columns={columns}
        rows={state.agents}
        keyOf={({ id }) => id}
        onOpen={({ id }) => navigate(`/cluster/agents/${encodeURIComponent(id)}`)}
        sorting={{ column: 'host', descending: false }}
        empty={
          <EmptyState icon="cluster" title="No agent has registered">
            <code>orchestrator agent --master=ADDRESS --work_dir=FOLDER</code> brings this machine in.
          </EmptyState>
        }
      />
    </Panel>
  );
}
