import { Link, useLocation, useRoute } from 'wouter';
import { EmptyState, Loading, Notice, Page, Snippet, Status, sentence, type Tab, Tabs } from '../ui/index.ts';
import { AgentList } from './agent-list.tsx';
import { AgentView } from './agent-view.tsx';
import type { ClusterState } from './cluster-state.ts';
import { ExplainTask } from './explain-task.tsx';
import { FrameworkList } from './framework-list.tsx';
import { FrameworkView } from './framework-view.tsx';
import { Maintenance } from './maintenance.tsx';
import { Overview } from './overview.tsx';
import { RoleList } from './role-list.tsx';
import { TaskList } from './task-list.tsx';
import { TaskView } from './task-view.tsx';
import { useLiveCluster } from './use-live-cluster.ts';

const tabIds = ['overview', 'agents', 'frameworks', 'tasks', 'roles', 'pending', 'maintenance'] as const;
type TabId = (typeof tabIds)[number];

function tabsOf({ agents, frameworks, roles, summary }: ClusterState): readonly Tab<TabId>[] {
  const running = summary.tasks.running ?? 0;
  return [
    { id: 'overview', label: 'Overview' },
    { id: 'agents', label: 'Agents', count: agents.length },
    { id: 'frameworks', label: 'Frameworks', count: frameworks.length },
    { id: 'tasks', label: 'Tasks', count: running },
    { id: 'roles', label: 'Roles and quota', count: roles.length },
    { id: 'pending', label: 'Why pending' },
    { id: 'maintenance', label: 'Maintenance' },
  ];
}

/** Back from what is opened within a tab. */
const lists: Partial<Record<TabId, string>> = {
  agents: 'All agents',
  frameworks: 'All frameworks',
  tasks: 'All tasks',
};

/** `/cluster/TAB/ID/ID`: what is opened within a tab. */
function Content({ tab, ids, state }: { tab: TabId; ids: readonly string[]; state: ClusterState }) {
  const [first, second] = ids;
  if (tab === 'agents')
    return first === undefined ? <AgentList state={state} /> : <AgentView state={state} id={first} />;
  if (tab === 'frameworks')
    return first === undefined ? <FrameworkList state={state} /> : <FrameworkView state={state} id={first} />;
  if (tab === 'tasks') {
    if (first === undefined || second === undefined) return <TaskList state={state} />;
    return <TaskView name={{ framework: first, task: second }} revision={state.summary.tasksRevision} />;
  }
  if (tab === 'roles') return <RoleList state={state} />;
  if (tab === 'pending') return <ExplainTask state={state} />;
  if (tab === 'maintenance') return <Maintenance state={state} />;
  return <Overview state={state} />;
}

/** What to do first, for who has no cluster here yet. */
function FirstRun() {
  return (
    <Page title="Cluster">
      <EmptyState icon="cluster" title="No Mesos master is configured">
        <p>
          Tell this monitor where the masters are, with <code>--cluster-master</code> or in its file. To try
          it, <code>orchestrator cluster up</code> starts a whole cluster on this machine and says its
          address.
        </p>
        <Snippet text={'cluster:\n  master: zk://zk1:2181,zk2:2181/mesos'} />
      </EmptyState>
    </Page>
  );
}

function Loaded({ state }: { readonly state: ClusterState }) {
  const [, navigate] = useLocation();
  const [, found] = useRoute('/cluster/*?');
  const [tab, ...ids] = (found?.['*'] ?? '')
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const current = tabIds.find((id) => id === tab) ?? 'overview';
  const { summary } = state;
  return (
    <Page
      title={summary.name === '' ? 'Cluster' : `Cluster ${summary.name}`}
      actions={
        <Status tone={summary.connected ? 'ok' : 'warn'}>
          {summary.connected ? 'live' : 'as it was last'}
        </Status>
      }
    >
      {summary.problem !== null && (
        <Notice tone="warn" title={sentence(summary.problem.message)}>
          <p>{sentence(summary.problem.remedy)}</p>
        </Notice>
      )}
      <Tabs
        label="Parts of the cluster"
        tabs={tabsOf(state)}
        current={current}
        onChange={(id) => navigate(`/cluster/${id}`)}
      />
      {ids.length > 0 && lists[current] !== undefined && (
        <p>
          <Link href={`/cluster/${current}`}>{lists[current]}</Link>
        </p>
      )}
      <Content tab={current} ids={ids} state={state} />
    </Page>
  );
}

export function ClusterPage() {
  const { state, socket } = useLiveCluster();
  if (state === undefined)
    return <Loading label={socket === 'lost' ? 'The server is not heard; it is tried again' : 'Loading'} />;
  return state.summary.configured ? <Loaded state={state} /> : <FirstRun />;
}
