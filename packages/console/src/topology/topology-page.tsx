import { EmptyState, Page } from '../ui/index.ts';

export function TopologyPage() {
  return (
    <Page title="Topology">
      <EmptyState icon="topology" title="Nothing to show yet" />
    </Page>
  );
}
