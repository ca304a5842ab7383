import { Route, Switch } from 'wouter';
import { MigrationList } from './migration-list.tsx';
import { MigrationView } from './migration-view.tsx';
import { useLiveMigrations } from './use-live-migrations.ts';

/** `/migrations`: all of them. `/migrations/COORDINATOR/ID/TAB`: one. */
export function MigrationsPage() {
  const live = useLiveMigrations();
  return (
    <Switch>
      <Route path="/migrations/:coordinator/:id/:tab?">
        {({ coordinator, id, tab }) => <MigrationView at={{ coordinator, id }} tab={tab} live={live} />}
      </Route>
      <Route>
        <MigrationList />
      </Route>
    </Switch>
  );
}
