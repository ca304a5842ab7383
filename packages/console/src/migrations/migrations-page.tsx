import { EmptyState, Page } from '../ui/index.ts';

export function MigrationsPage() {
  return (
    <Page title="Migrations">
      <EmptyState icon="migration" title="Nothing to show yet" />
    </Page>
  );
}
