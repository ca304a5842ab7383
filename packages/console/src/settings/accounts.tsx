import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useSession } from '../api/index.ts';
import {
  Badge,
  Button,
  type Column,
  ErrorState,
  formatTime,
  IconButton,
  Loading,
  Panel,
  Table,
  useConfirm,
  useToasts,
} from '../ui/index.ts';
import { AccountDialog } from './account-dialog.tsx';
import { type Account, accountsKey, putAccount, removeAccount, useAccounts } from './requests.ts';

const columnsOf = (me: string, remove: (account: Account) => void): readonly Column<Account>[] => [
  {
    ...{ id: 'name', label: 'Name', width: 'minmax(160px, 2fr)' },
    value: ({ name }) => name,
    render: ({ name }) => (
      <>
        {name} {name === me && <Badge tone="info">you</Badge>}
      </>
    ),
  },
  {
    ...{ id: 'role', label: 'Role', width: '140px' },
    value: ({ role }) => role,
    render: ({ role }) => role,
  },
  {
    ...{ id: 'changed', label: 'Changed', width: 'minmax(160px, 1fr)' },
    value: ({ changedMs }) => changedMs,
    render: ({ changedMs }) => formatTime(changedMs),
  },
  {
    ...{ id: 'remove', label: '', width: '56px' },
    render: (account) =>
      account.name !== me && (
        <IconButton
          icon="trash"
          label={`Remove ${account.name}`}
          onClick={(event) => {
            event.stopPropagation();
            remove(account);
          }}
        />
      ),
  },
];

/** Who may log in, and as what. */
export function Accounts() {
  const me = useSession().data?.name ?? '';
  const client = useQueryClient();
  const toasts = useToasts();
  const confirm = useConfirm();
  const [open, setOpen] = useState<Account | 'new'>();
  const { data, error, refetch } = useAccounts();
  if (data === undefined && error !== null)
    return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading />;
  const change = async (told: { running: string; done: string }, work: () => Promise<unknown>) => {
    await toasts.run(told, work);
    await client.invalidateQueries({ queryKey: accountsKey });
  };
  const remove = async ({ name }: Account) => {
    const yes = await confirm({
      title: `Remove ${name}?`,
      text: 'Their sessions end at once. What they did stays in the audit log.',
      action: 'Remove',
      dangerous: true,
    });
    if (yes)
      await change({ running: `Removing ${name}`, done: `${name} is removed` }, () => removeAccount(name));
  };
  return (
    <Panel
      title="Accounts"
      flush
      actions={
        <Button icon="plus" onClick={() => setOpen('new')}>
          Add an account
        </Button>
      }
    >
      <Table
        fitted
        label="Accounts"
        columns={columnsOf(me, (account) => void remove(account))}
        rows={data}
        keyOf={({ name }) => name}
        onOpen={setOpen}
        sorting={{ column: 'name', descending: false }}
        empty="People come from elsewhere, or everybody may do everything (auth off)."
      />
      {open !== undefined && (
        <AccountDialog
          account={open === 'new' ? undefined : open}
          onClose={() => setOpen(undefined)}
          onChosen={(name, body) => {
            setOpen(undefined);
            void change({ running: `Saving ${name}`, done: `${name} is saved` }, () =>
              putAccount(name, body),
            );
          }}
        />
      )}
    </Panel>
  );
}
