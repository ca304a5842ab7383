import type { Migration } from '@orchestrator/monitor/schema';
import { Link } from 'wouter';
import { Ago, Badge, Columns, Notice, Panel, Progress, sentence, useNow } from '../ui/index.ts';
import { CheckList } from './check-list.tsx';
import { LagSinceBegin } from './lag-since-begin.tsx';
import type { LagHistory, LivePicture } from './live.ts';
import type { Health, Place } from './requests.ts';
import { Sides } from './sides.tsx';
import { pathOf } from './stages.ts';
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
  const held = live?.sync?.conflicts.held ?? 0;
  return (
    <>
      {failure !== null && (
        <Notice tone="bad" title={sentence(failure.message)}>
          {failure.remedy !== null && <p>{sentence(failure.remedy)}</p>}
        </Notice>
      )}
      {live?.instruction != null && (
        <Notice tone="info" icon="user" title="To be done by you; it is noticed when it is done">
          <pre>{live.instruction}</pre>
        </Notice>
      )}
      {held > 0 && (
        <Notice
          tone="warn"
          title={held === 1 ? 'One node differs, and you decide' : `${held} nodes differ, and you decide`}
        >
          <p>
            Both sides changed it, and each keeps its own until then.{' '}
            <Link href={`${pathOf(migration)}/conflicts`}>See the conflicts</Link>
          </p>
        </Notice>
      )}
      {live?.alerts.map(({ kind, severity, message, remedy }) => (
        <Notice
          key={kind + message}
          tone={severity === 'critical' ? 'bad' : 'warn'}
          title={sentence(message)}
        >
          {remedy !== null && <p>{sentence(remedy)}</p>}
        </Notice>
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
  const { migration, at, health, history } = props;
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
      <Columns leanLeft>
        <Sides migration={migration} live={live ?? null} />
        <Synchronisation sync={live?.sync ?? null} history={history} />
      </Columns>
      <LagSinceBegin at={at} />
      {lastChecks !== undefined && (
        <Panel
          title={`Last gate: ${lastChecks.title}`}
          actions={
            <Badge>
              <Ago atMs={lastChecks.time_ms} />
            </Badge>
          }
        >
          <CheckList results={lastChecks.results} />
        </Panel>
      )}
    </>
  );
}
