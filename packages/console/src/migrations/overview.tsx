import type { Migration } from '@orchestrator/monitor/schema';
import { Badge, formatTime, Icon, Panel, Progress, sentence, useNow } from '../ui/index.ts';
import { CheckList } from './check-list.tsx';
import type { LagHistory, LivePicture } from './live.ts';
import styles from './migrations.module.css';
import type { Health, Place } from './requests.ts';
import { Sides } from './sides.tsx';
import { Synchronisation } from './synchronisation.tsx';
import { Timeline } from './timeline.tsx';

/** What needs a person's eye, before everything else. */
function Notices({
  migration,
  live,
}: {
  readonly migration: Migration;
  readonly live: LivePicture | null | undefined;
}) {
  const { failure } = migration;
  return (
    <>
      {failure !== null && (
        <div className={styles.failure} role="alert">
          <Icon name="warning" />
          <div>
            <h3>{sentence(failure.message)}</h3>
            {failure.remedy !== null && <p>{sentence(failure.remedy)}</p>}
          </div>
        </div>
      )}
      {live?.instruction != null && (
        <div className={styles.instruction}>
          <Icon name="user" />
          <div>
            <h3>To be done by you; it is noticed when it is done</h3>
            <pre>{live.instruction}</pre>
          </div>
        </div>
      )}
      {live?.alerts.map(({ kind, severity, message, remedy }) => (
        <div
          key={kind + message}
          className={severity === 'critical' ? styles.failure : styles.warning}
          role="status"
        >
          <Icon name="warning" />
          <div>
            <h3>{sentence(message)}</h3>
            {remedy !== null && <p>{sentence(remedy)}</p>}
          </div>
        </div>
      ))}
    </>
  );
}

function progressLabel({ stage, done, total, unit }: NonNullable<LivePicture['progress']>): string {
  const of = total === null ? '' : ` of ${total.toLocaleString('en-US')}`;
  return `${stage}: ${done.toLocaleString('en-US')}${of} ${unit}`;
}

export function Overview(props: {
  readonly migration: Migration;
  readonly at: Place;
  readonly health: Health | undefined;
  readonly history: LagHistory;
}) {
  const { migration, health, history } = props;
  const nowMs = useNow();
  const live = health?.live;
  const progress = live?.progress ?? null;
  const lastChecks = health?.checks.at(-1);
  return (
    <>
      <Notices migration={migration} live={live} />
      <Panel
        title="Phases"
        actions={
          progress !== null && (
            <Progress
              label={progressLabel(progress)}
              {...(progress.total === null || progress.total === 0
                ? {}
                : { value: progress.done / progress.total })}
            />
          )
        }
      >
        <Timeline migration={migration} nowMs={nowMs} />
      </Panel>
      <div className={styles.columns}>
        <Sides migration={migration} live={live ?? null} />
        <Synchronisation sync={live?.sync ?? null} history={history} />
      </div>
      {lastChecks !== undefined && (
        <Panel
          title={`Last gate: ${lastChecks.title}`}
          actions={<Badge>{formatTime(lastChecks.time_ms)}</Badge>}
        >
          <CheckList results={lastChecks.results} />
        </Panel>
      )}
    </>
  );
}
