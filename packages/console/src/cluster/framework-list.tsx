import type { ClusterFramework } from '@orchestrator/monitor/schema';
import { useLocation } from 'wouter';
import { Ago, type Column, EmptyState, formatNumber, Panel, Status, Table, type Tone } from '../ui/index.ts';
import { amountText } from './amounts.ts';
import type { ClusterState } from './cluster-state.ts';

export function frameworkState({ active, connected }: ClusterFramework): readonly [Tone, string] {
  if (!connected) return ['warn', 'disconnected'];
  return active ? ['ok', 'active'] : ['idle', 'inactive'];
}

const columns: readonly Column<ClusterFramework>[] = [
  {
    ...{ id: 'name', label: 'Name', width: 'minmax(150px, 3fr)' },
    value: ({ name }) => name,
    render: ({ name, id }) => <span title={id}>{name}</span>,
  },
  {
    ...{ id: 'state', label: 'State', width: '130px' },
    value: (framework) => frameworkState(framework)[1],
    render: (framework) => {
      const [tone, word] = frameworkState(framework);
      return <Status tone={tone}>{word}</Status>;
    },
  },
  {
    ...{ id: 'roles', label: 'Roles', width: 'minmax(80px, 2fr)' },
    value: ({ roles }) => roles.join(),
    render: ({ roles }) => roles.join(', '),
  },
  {
    ...{ id: 'tasks', label: 'Tasks', width: '64px', align: 'right' },
    value: ({ tasks }) => tasks,
    render: ({ tasks }) => formatNumber(tasks),
  },
  ...(['cpus', 'mem'] as const).map(
    (name): Column<ClusterFramework> => ({
      ...{ id: name, label: name === 'cpus' ? 'CPUs' : 'Memory', width: '86px', align: 'right' },
      value: ({ allocated }) => allocated[name] ?? 0,
      render: ({ allocated }) => amountText(name, allocated[name] ?? 0),
    }),
  ),
  {
    ...{ id: 'since', label: 'Registered', width: '118px' },
    value: ({ registeredMs }) => registeredMs,
    render: ({ registeredMs }) => <Ago atMs={registeredMs} />,
  },
];

export function FrameworkList({ state }: { readonly state: ClusterState }) {
  const [, navigate] = useLocation();
  return (
    <Panel title="Frameworks" flush>
      <Table
        fitted
        label="Frameworks"
        columns={columns}
        rows={state.frameworks}
        keyOf={({ id }) => id}
        onOpen={({ id }) => navigate(`/cluster/frameworks/${encodeURIComponent(id)}`)}
        sorting={{ column: 'name', descending: false }}
        empty={
          <EmptyState icon="cluster" title="No framework has subscribed">
            <code>orchestrator run --command=&quot;sleep 60&quot;</code> is one for a single task.
          </EmptyState>
        }
      />
    </Panel>
  );
}
