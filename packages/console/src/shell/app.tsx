import { lazy, Suspense } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import { ApiError, useSession } from '../api/index.ts';
import { ConfirmProvider, EmptyState, ErrorState, Loading, ToastProvider } from '../ui/index.ts';
import { Boundary } from './boundary.tsx';
import { Frame } from './frame.tsx';
import { LoginPage } from './login-page.tsx';

// Each page is a file of its own that is loaded when it is first opened.
const loadTopology = () => import('../topology/topology-page.tsx');
const TopologyPage = lazy(() => loadTopology().then((page) => ({ default: page.TopologyPage })));
const ClusterPage = lazy(() =>
  import('../cluster/cluster-page.tsx').then((page) => ({ default: page.ClusterPage })),
);
const MigrationsPage = lazy(() =>
  import('../migrations/migrations-page.tsx').then((page) => ({ default: page.MigrationsPage })),
);
const SettingsPage = lazy(() =>
  import('../settings/settings-page.tsx').then((page) => ({ default: page.SettingsPage })),
);

// The largest one is on its way while it is asked who looks.
if (/^\/($|topology)/.test(window.location.pathname)) void loadTopology();

function Pages() {
  return (
    <Switch>
      <Route path="/">
        <Redirect to="/topology" replace />
      </Route>
      <Route path="/topology/:view?">
        <TopologyPage />
      </Route>
      <Route path="/cluster/*?">
        <ClusterPage />
      </Route>
      <Route path="/migrations/*?">
        <MigrationsPage />
      </Route>
      <Route path="/settings/*?">
        <SettingsPage />
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
          <Boundary>
            <Suspense fallback={<Loading />}>
              <Pages />
            </Suspense>
          </Boundary>
        </Frame>
      </ConfirmProvider>
    </ToastProvider>
  );
}
