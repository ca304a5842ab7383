import type { ClusterMaster, ClusterSummary } from '@orchestrator/monitor/schema';
import { useLocation } from 'wouter';
import {
  Ago,
  Badge,
  Columns,
  Facts,
  formatDuration,
  formatNumber,
  Panel,
  Stack,
  Status,
  useNow,
} from '../ui/index.ts';
import styles from './cluster.module.css';
import type { ClusterState } from './cluster-state.ts';
import { hasEnded, taskTones, taskWord } from './task-states.ts';
import { Usage } from './usage.tsx';

function Masters({ masters }: { readonly masters: readonly ClusterMaster[] }) {
  const nowMs = useNow();
  return (
    <Panel title="Masters">
      <ul className={styles.masters}>
        {masters.map(({ address, leads, version, electedMs, hostName }) => (
          <li key={address}>
            <Status tone={leads ? 'ok' : 'idle'}>
              <code>{address}</code>
            </Status>
            {leads && <Badge tone="ok">leads</Badge>}
            <span className="aside">
              {[
                hostName,
                version === undefined ? undefined : `version ${version}`,
                electedMs === undefined ? undefined : `elected ${formatDuration(nowMs - electedMs)} ago`,
              ]
                .filter((part) => part !== undefined)
                .join(', ')}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function TaskStates({ tasks }: { readonly tasks: ClusterSummary['tasks'] }) {
  const [, navigate] = useLocation();
  const states = (Object.keys(taskTones) as (keyof typeof taskTones)[]).filter(
    (state) => (tasks[state] ?? 0) > 0,
  );
  return (
    <Panel title="Tasks">
      {states.length === 0 ? (
        <p className="aside">No framework has launched any.</p>
      ) : (
        <ul className={styles.counts}>
          {states.map((state) => (
            <li key={state}>
              <button type="button" onClick={() => navigate(`/cluster/tasks?state=${state}`)}>
                <strong>{formatNumber(tasks[state] ?? 0)}</strong>
                <Status tone={taskTones[state]}>
                  {taskWord(state)}
                  {hasEnded(state) ? ' (remembered)' : ''}
                </Status>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

export function Overview({ state: { summary } }: { readonly state: ClusterState }) {
  const { agents, frameworks } = summary;
  return (
    <Columns>
      <Stack>
        <Panel title="Utilisation">
          <Usage {...summary} />
        </Panel>
        <TaskStates tasks={summary.tasks} />
      </Stack>
      <Stack>
        <Masters masters={summary.masters} />
        <Panel title="Members">
          <Facts
            facts={[
              ['Agents', `${agents.active} take tasks`],
              ['On the way out', `${agents.draining} draining, ${agents.deactivated} deactivated`],
              ['Not heard', agents.disconnected],
              ['Frameworks', `${frameworks.active} active, ${frameworks.inactive} inactive`],
              ['As of', <Ago key="asOf" atMs={summary.asOfMs} />],
            ]}
          />
        </Panel>
      </Stack>
    </Columns>
  );
}
