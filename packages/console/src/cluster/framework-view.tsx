import type { ClusterFramework } from '@orchestrator/monitor/schema';
import { Link } from 'wouter';
import { permits, useSession } from '../api/index.ts';
import {
  Ago,
  Button,
  Columns,
  EmptyState,
  Facts,
  Panel,
  Status,
  useConfirm,
  useToasts,
} from '../ui/index.ts';
import { quantitiesText } from './amounts.ts';
import type { ClusterState } from './cluster-state.ts';
import { FrameworkExplanation } from './framework-explanation.tsx';
import { frameworkState } from './framework-list.tsx';
import { teardown } from './requests.ts';
import { TaskTable } from './task-table.tsx';

function Teardown({ framework }: { readonly framework: ClusterFramework }) {
  const confirm = useConfirm();
  const toasts = useToasts();
  const { id, name, tasks } = framework;
  const run = async () => {
    const yes = await confirm({
      title: `Tear down ${name}?`,
      text: `It is ended with all its ${tasks} tasks, and may not subscribe again under this id. This cannot be undone.`,
      action: 'Tear down',
      dangerous: true,
      typed: name,
    });
    if (yes)
      await toasts.run({ running: `Tearing down ${name}`, done: `${name} is ended` }, () => teardown(id));
  };
  return (
    <Button kind="danger" onClick={() => void run()}>
      Tear down…
    </Button>
  );
}

export function FrameworkView({ state, id }: { readonly state: ClusterState; readonly id: string }) {
  const who = useSession().data;
  const framework = state.frameworks.find((each) => each.id === id);
  if (framework === undefined) {
    return (
      <EmptyState icon="cluster" title="This framework is not there (any more)">
        <Link href="/cluster/frameworks">See all frameworks</Link>
      </EmptyState>
    );
  }
  const [tone, word] = frameworkState(framework);
  return (
    <>
      <Columns>
        <Panel title={framework.name} actions={permits(who, 'admin') && <Teardown framework={framework} />}>
          <Facts
            facts={[
              [
                'State',
                <Status key="state" tone={tone}>
                  {word}
                </Status>,
              ],
              ['Id', <code key="id">{framework.id}</code>],
              ['Roles', framework.roles.join(', ')],
              ['Principal', framework.principal === '' ? 'none' : framework.principal],
              ['User', framework.user],
              ['Host', framework.hostName || 'not told'],
              ['Registered', <Ago key="registered" atMs={framework.registeredMs} />],
              ['Allocated', quantitiesText(framework.allocated)],
              ['Offers held', `${framework.offers}, of ${quantitiesText(framework.offered)}`],
              ['Capabilities', framework.capabilities.join(', ').toLowerCase().replaceAll('_', ' ')],
            ]}
          />
        </Panel>
        <FrameworkExplanation id={id} state={state} />
      </Columns>
      <TaskTable
        empty="This framework has no task that is remembered."
        title="Tasks"
        filter={{ framework: id }}
        revision={state.summary.tasksRevision}
      />
    </>
  );
}
