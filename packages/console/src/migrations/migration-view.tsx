/** One migration: where it stands, what may be done, and everything that is known of it. */
import type { Migration } from '@orchestrator/monitor/schema';
import { Link, useLocation } from 'wouter';
import { Badge, EmptyState, ErrorState, Loading, Page, Status, type Tab, Tabs } from '../ui/index.ts';
import { Actions } from './actions.tsx';
import { AuditLog } from './audit-log.tsx';
import { Conflicts } from './conflicts.tsx';
import styles from './migrations.module.css';
import { Overview } from './overview.tsx';
import { Report } from './report.tsx';
import { type Place, useHealth, useMigrations } from './requests.ts';
import { pathOf, statusTones, statusWord } from './stages.ts';
import type { LiveMigrations } from './use-live-migrations.ts';

const tabIds = ['overview', 'conflicts', 'audit', 'report'] as const;
type TabId = (typeof tabIds)[number];

const isTab = (text: string | undefined): text is TabId => tabIds.some((id) => id === text);

interface ViewProps {
  readonly at: Place;
  readonly tab: string | undefined;
  readonly live: LiveMigrations;
}

function Loaded({ migration, at, tab, live }: ViewProps & { readonly migration: Migration }) {
  const [, navigate] = useLocation();
  const health = useHealth(at).data;
  const held = health?.live?.sync?.conflicts.held ?? 0;
  const tabs: readonly Tab<TabId>[] = [
    { id: 'overview', label: 'Overview' },
    { id: 'conflicts', label: 'Conflicts', ...(held > 0 ? { count: held } : {}) },
    { id: 'audit', label: 'Audit log' },
    { id: 'report', label: 'Report' },
  ];
  const current = isTab(tab) ? tab : 'overview';
  return (
    <Page title={migration.name} actions={<Actions migration={migration} at={at} />}>
      <div className={styles.subhead}>
        <Link href="/migrations">All migrations</Link>
        <Badge tone={statusTones[migration.status]}>{statusWord(migration.status)}</Badge>
        <span>
          <code>{migration.id}</code>, created by {migration.created_by}
        </span>
        <Status tone={live.isLive ? 'ok' : 'warn'}>{live.isLive ? 'live' : 'not heard at the moment'}</Status>
      </div>
      <Tabs
        label="Parts of the migration"
        tabs={tabs}
        current={current}
        onChange={(id) => navigate(`${pathOf(at)}/${id}`)}
      />
      {current === 'overview' && <Overview {...{ migration, at, health }} history={live.historyOf(at)} />}
      {current === 'conflicts' && <Conflicts at={at} />}
      {current === 'audit' && <AuditLog at={at} />}
      {current === 'report' && <Report at={at} />}
    </Page>
  );
}

export function MigrationView({ at, tab, live }: ViewProps) {
  const { data, error, refetch } = useMigrations();
  const migration = data?.migrations.find(
    ({ coordinator, id }) => coordinator === at.coordinator && id === at.id,
  );
  if (migration !== undefined) return <Loaded {...{ migration, at, tab, live }} />;
  if (data === undefined && error !== null)
    return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading />;
  const coordinator = data.coordinators.find(({ name }) => name === at.coordinator);
  return (
    <EmptyState icon="warning" title={`${at.coordinator} tells of no migration ${at.id}`}>
      {coordinator?.problem?.message ?? 'It may have been removed after its retention.'}{' '}
      <Link href="/migrations">See all migrations</Link>
    </EmptyState>
  );
}
