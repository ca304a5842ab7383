import { EmptyState, Page } from '../ui/index.ts';

export function ClusterPage() {
  return (
    <Page title="Cluster">
      <EmptyState icon="cluster" title="Nothing to show yet" />
    </Page>
  );
}
