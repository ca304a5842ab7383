import type { ClusterTaskDetail } from '@orchestrator/monitor/schema';
import { Link } from 'wouter';
import { permits, useSession } from '../api/index.ts';
import {
  Ago,
  Badge,
  Button,
  Columns,
  ErrorState,
  Facts,
  Loading,
  Panel,
  Status,
  useConfirm,
  useToasts,
} from '../ui/index.ts';
import { quantitiesText } from './amounts.ts';
import styles from './cluster.module.css';
import { killTask, type TaskName, useTask } from './requests.ts';
import { Sandbox } from './sandbox.tsx';
import { hasEnded, taskTones, taskWord } from './task-states.ts';

function Kill({ task, name }: { readonly task: ClusterTaskDetail; readonly name: TaskName }) {
  const confirm = useConfirm();
  const toasts = useToasts();
  const run = async () => {
    const yes = await confirm({
      title: `Kill ${task.name}?`,
      text: `Its container is ended. ${task.frameworkName} is told, and may start it again.`,
      action: 'Kill',
      dangerous: true,
    });
    if (yes)
      await toasts.run({ running: `Killing ${task.name}`, done: 'Its end is on the way' }, () =>
        killTask(name),
      );
  };
  return (
    <Button kind="danger" icon="stop" onClick={() => void run()}>
      Kill…
    </Button>
  );
}

function History({ history }: { readonly history: ClusterTaskDetail['history'] }) {
  return (
    <Panel title="What became of it">
      <ol className={styles.history}>
        {history.map(({ state, atMs, message, reason }) => (
          <li key={`${atMs} ${state}`}>
            <Status tone={taskTones[state]}>{taskWord(state)}</Status>
            <Ago atMs={atMs} />
            {(message !== '' || reason !== '') && (
              <p>
                {message} {reason !== '' && <code>{reason}</code>}
              </p>
            )}
          </li>
        ))}
      </ol>
    </Panel>
  );
}

const listed = (values: readonly string[]) => (values.length === 0 ? 'none' : values.join(', '));

export function TaskView({ name, revision }: { readonly name: TaskName; readonly revision: number }) {
  const who = useSession().data;
  const { data: task, error, refetch } = useTask(name, revision);
  if (task === undefined && error !== null)
    return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (task === undefined) return <Loading />;
  const canKill = permits(who, 'operator') && !hasEnded(task.state);
  return (
    <>
      <Columns>
        <Panel title={task.name} actions={canKill && <Kill task={task} name={name} />}>
          <Facts
            facts={[
              [
                'State',
                <span key="state">
                  <Status tone={taskTones[task.state]}>{taskWord(task.state)}</Status>{' '}
                  {task.healthy !== null && (
                    <Badge tone={task.healthy ? 'ok' : 'bad'}>{task.healthy ? 'healthy' : 'unhealthy'}</Badge>
                  )}
                </span>,
              ],
              ['Id', <code key="id">{task.id}</code>],
              [
                'Framework',
                <Link key="framework" href={`/cluster/frameworks/${encodeURIComponent(task.frameworkId)}`}>
                  {task.frameworkName}
                </Link>,
              ],
              [
                'Agent',
                <Link key="agent" href={`/cluster/agents/${encodeURIComponent(task.agentId)}`}>
                  {task.hostName === '' ? task.agentId : task.hostName}
                </Link>,
              ],
              ['Role', task.role],
              ['Resources', quantitiesText(task.resources)],
              ['Image', task.image === '' ? 'none' : <code key="image">{task.image}</code>],
              ['User', task.user === '' ? "the framework's" : task.user],
              ['Ports', listed(task.ports)],
              ['Addresses', listed(task.ipAddresses)],
              ...Object.entries(task.labels).map(
                ([key, value]) => [key, <code key={key}>{value}</code>] as const,
              ),
            ]}
          />
        </Panel>
        <History history={task.history} />
      </Columns>
      <Sandbox
        place={{
          ...{ agent: task.agentId, framework: task.frameworkId, executor: task.executorId, path: '/' },
          ...(task.containerId === undefined ? {} : { container: task.containerId }),
        }}
      />
    </>
  );
}
