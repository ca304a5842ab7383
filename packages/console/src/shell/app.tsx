import { Redirect, Route, Switch, useLocation } from 'wouter';
import { ApiError, useSession } from '../api/index.ts';
import { ConfirmProvider, EmptyState, ErrorState, Loading, ToastProvider } from '../ui/index.ts';
import { Boundary } from './boundary.tsx';
import { Frame } from './frame.tsx';
import { LoginPage } from './login-page.tsx';
import { Page, pageFile } from './page.tsx';

const topology = pageFile(async () => (await import('../topology/topology-page.tsx')).TopologyPage);
const cluster = pageFile(async () => (await import('../cluster/cluster-page.tsx')).ClusterPage);
const migrations = pageFile(async () => (await import('../migrations/migrations-page.tsx')).MigrationsPage);
const settings = pageFile(async () => (await import('../settings/settings-page.tsx')).SettingsPage);

// The largest one is on its way while it is asked who looks; if it fails, its page says so.
if (/^\/($|topology)/.test(window.location.pathname)) topology.fetch().catch(() => undefined);

function Pages() {
  return (
    <Switch>
      <Route path="/">
        <Redirect to="/topology" replace />
      </Route>
      <Route path="/topology/:view?">
        <Page file={topology} />
      </Route>
      <Route path="/cluster/*?">
        <Page file={cluster} />
      </Route>
      <Route path="/migrations/*?">
        <Page file={migrations} />
      </Route>
      <Route path="/settings/*?">
        <Page file={settings} />
      </Route>
      <Route>
        <EmptyState icon="search" title="There is no such page">
          Choose one of those on the left.
        </EmptyState>
      </Route>
    </Switch>
  );
}

/** Everything, for who is logged in; the login for who is not. */
export function App() {
  const session = useSession();
  const [path] = useLocation();
  const { error, data } = session;
  if (error instanceof ApiError && error.code === 'unauthenticated') return <LoginPage />;
  if (data === undefined) {
    if (error === null) return <Loading label="Connecting" />;
    return <ErrorState error={error} onRetry={() => void session.refetch()} />;
  }
  return (
    <ToastProvider>
      <ConfirmProvider>
        <Frame who={data}>
          {/* Another page does not show what this one failed with. */}
          <Boundary key={path.split('/')[1]}>
            <Pages />
          </Boundary>
        </Frame>
      </ConfirmProvider>
    </ToastProvider>
  );
}
