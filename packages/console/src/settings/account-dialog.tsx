import { useState } from 'react';
import type { Role } from '../api/index.ts';
import { type Choice, FormDialog, Select, TextField } from '../ui/index.ts';
import type { Account } from './requests.ts';

const roles: readonly Choice<Role>[] = [
  { value: 'viewer', label: 'viewer: looks' },
  { value: 'operator', label: 'operator: acts on what runs' },
  { value: 'admin', label: 'admin: everything' },
];

const shortestPassword = 10;

export interface AccountDialogProps {
  /** Undefined: a new one. */
  readonly account: Account | undefined;
  readonly onClose: () => void;
  readonly onChosen: (name: string, body: { role: Role; password?: string }) => void;
}

export function AccountDialog({ account, onClose, onChosen }: AccountDialogProps) {
  const [name, setName] = useState(account?.name ?? '');
  const [role, setRole] = useState<Role>(account?.role ?? 'viewer');
  const [password, setPassword] = useState('');
  const isShort = password.length > 0 && password.length < shortestPassword;
  const isReady = name !== '' && !isShort && (account !== undefined || password !== '');
  return (
    <FormDialog
      title={account === undefined ? 'A new account' : account.name}
      action="Save"
      ready={isReady}
      onClose={onClose}
      onSubmit={() => onChosen(name, { role, ...(password === '' ? {} : { password }) })}
    >
      {account === undefined && (
        <TextField
          label="Name"
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      )}
      <Select label="Role" value={role} choices={roles} onChange={setRole} />
      <TextField
        label={account === undefined ? 'Password' : 'New password'}
        hint={account === undefined ? undefined : 'Empty: the one it has. With a new one, its sessions end.'}
        problem={isShort ? `At least ${shortestPassword} characters` : undefined}
        type="password"
        autoComplete="new-password"
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
    </FormDialog>
  );
}
