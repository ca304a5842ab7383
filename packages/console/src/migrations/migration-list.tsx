import type { CoordinatorStatus, Migration } from '@orchestrator/monitor/schema';
import { Link } from 'wouter';
import {
  Ago,
  Badge,
  EmptyState,
  ErrorState,
  formatDuration,
  Icon,
  Loading,
  Meter,
  Page,
  Panel,
  Snippet,
  Status,
  sentence,
  useNow,
} from '../ui/index.ts';
import styles from './migrations.module.css';
import { useMigrations } from './requests.ts';
import { addressOf, offeredOf, pathOf, shareDone, statusTones, statusWord } from './stages.ts';

/** The first server, and how many more there are. */
function Ensemble({ address }: { readonly address: string }) {
  const [first = '', ...more] = address.split('/')[0]?.split(',') ?? [];
  return (
    <span title={address}>
      <code>{first}</code> {more.length > 0 && <span className="aside">and {more.length} more</span>}
    </span>
  );
}

function Card({ migration, nowMs }: { readonly migration: Migration; readonly nowMs: number }) {
  const {
    name,
    status,
    phase,
    phase_name: phaseName,
    started_ms: startedMs,
    completed_ms: endedMs,
  } = migration;
  const share = shareDone(migration);
  const approve = offeredOf(migration).approve;
  return (
    <article className={styles.card}>
      <header>
        <h3>
          <Link href={pathOf(migration)}>{name}</Link>
        </h3>
        <Badge tone={statusTones[status]}>{statusWord(status)}</Badge>
      </header>
      <p className={styles.route}>
        <Ensemble address={addressOf(migration, 'source')} />
        <Icon name="chevron" size={12} />
        <Ensemble address={addressOf(migration, 'target')} />
      </p>
      <Meter label="Steps done" total={1} parts={[{ label: 'done', value: share }]} />
      <footer>
        {approve === undefined ? (
          <span>{phase === 0 ? 'Nothing changed yet' : `Phase ${phase}: ${phaseName ?? ''}`}</span>
        ) : (
          <Status tone="warn">Phase {approve} waits for approval</Status>
        )}
        <span className="aside">
          {startedMs === null ? (
            <>
              created <Ago atMs={migration.created_ms} />
            </>
          ) : (
            `${endedMs === null ? 'for' : 'took'} ${formatDuration((endedMs ?? nowMs) - startedMs)}`
          )}
        </span>
      </footer>
    </article>
  );
}

function Coordinators({ coordinators }: { readonly coordinators: readonly CoordinatorStatus[] }) {
  return (
    <Panel title="Coordinators">
      <ul className={styles.coordinators}>
        {coordinators.map(({ name, url, reachable, problem }) => (
          <li key={name}>
            <Status tone={reachable ? 'ok' : 'bad'}>
              {name} <span className="aside">{reachable ? 'answers' : 'does not answer'}</span>
            </Status>
            <code>{url}</code>
            {problem !== null && (
              <p className={styles.problem}>
                {sentence(problem.message)} {sentence(problem.remedy)}
              </p>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** What to do first, for who has never moved anything. */
function FirstRun() {
  return (
    <EmptyState icon="migration" title="No coordinator of zk-migrate is configured">
      <p>
        Start one beside the ensembles with <code>zk-migrate serve --config migration.yaml</code>, then tell
        this monitor where it is:
      </p>
      <Snippet
        text={
          'migrations:\n  coordinators:\n    - name: main\n      url: https://coordinator.example.com:8443\n      token: { file: /etc/orchestrator/coordinator-token }'
        }
      />
    </EmptyState>
  );
}

function Migrations({ migrations }: { readonly migrations: readonly Migration[] }) {
  const nowMs = useNow();
  const newestFirst = [...migrations].sort((a, b) => b.created_ms - a.created_ms);
  if (newestFirst.length === 0) {
    return (
      <EmptyState icon="migration" title="No migration has been planned">
        <p>
          <code>zk-migrate start --source-zk=… --target-zk=… --config=migration.yaml</code> plans one and
          begins its first phase. It appears here at once.
        </p>
      </EmptyState>
    );
  }
  return (
    <div className={styles.cards}>
      {newestFirst.map((each) => (
        <Card key={pathOf(each)} migration={each} nowMs={nowMs} />
      ))}
    </div>
  );
}

export function MigrationList() {
  const { data, error, refetch } = useMigrations();
  if (data === undefined && error !== null)
    return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading />;
  return (
    <Page title="Migrations">
      {data.coordinators.length === 0 ? (
        <FirstRun />
      ) : (
        <>
          <Migrations migrations={data.migrations} />
          <Coordinators coordinators={data.coordinators} />
        </>
      )}
    </Page>
  );
}
