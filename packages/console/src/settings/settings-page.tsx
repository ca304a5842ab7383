import { useLocation, useRoute } from 'wouter';
import { permits, useSession } from '../api/index.ts';
import { Page, type Tab, Tabs } from '../ui/index.ts';
import { Accounts } from './accounts.tsx';
import { AuditLog } from './audit-log.tsx';
import { Connected } from './connected.tsx';
import { Looks } from './looks.tsx';

type TabId = 'connected' | 'accounts' | 'audit' | 'looks';

/** `/settings/TAB`; what one may not see is not offered. */
export function SettingsPage() {
  const who = useSession().data;
  const [, navigate] = useLocation();
  const [, found] = useRoute('/settings/*?');
  const tabs: readonly Tab<TabId>[] = [
    { id: 'connected', label: 'What is connected' },
    ...(permits(who, 'admin') ? [{ id: 'accounts', label: 'Accounts' } as const] : []),
    ...(permits(who, 'operator') ? [{ id: 'audit', label: 'Audit log' } as const] : []),
    { id: 'looks', label: 'Looks' },
  ];
  const current = tabs.find(({ id }) => id === found?.['*'])?.id ?? 'connected';
  return (
    <Page title="Settings">
      <Tabs
        label="Parts of the settings"
        tabs={tabs}
        current={current}
        onChange={(id) => navigate(`/settings/${id}`)}
      />
      {current === 'connected' && <Connected />}
      {current === 'accounts' && <Accounts />}
      {current === 'audit' && <AuditLog />}
      {current === 'looks' && <Looks />}
    </Page>
  );
}
