import { EmptyState, Page } from '../ui/index.ts';

export function SettingsPage() {
  return (
    <Page title="Settings">
      <EmptyState icon="settings" title="Nothing to show yet" />
    </Page>
  );
}
