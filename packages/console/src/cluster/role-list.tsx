import type { ClusterRole } from '@orchestrator/monitor/schema';
import { useState } from 'react';
import { permits, useSession } from '../api/index.ts';
import { Button, type Column, Panel, Table, useToasts } from '../ui/index.ts';
import { quantitiesText } from './amounts.ts';
import type { ClusterState } from './cluster-state.ts';
import { putQuota, putWeight } from './requests.ts';
import { type RoleChange, RoleDialog } from './role-dialog.tsx';

const columns: readonly Column<ClusterRole>[] = [
  {
    ...{ id: 'name', label: 'Role', width: 'minmax(160px, 2fr)' },
    value: ({ name }) => name,
    render: ({ name }) => name,
  },
  {
    ...{ id: 'weight', label: 'Weight', width: '90px', align: 'right' },
    value: ({ weight }) => weight,
    render: ({ weight }) => weight,
  },
  {
    ...{ id: 'frameworks', label: 'Frameworks', width: '110px', align: 'right' },
    value: ({ frameworks }) => frameworks.length,
    render: ({ frameworks }) => frameworks.length,
  },
  {
    ...{ id: 'allocated', label: 'Allocated', width: 'minmax(160px, 2fr)' },
    value: ({ allocated }) => allocated.cpus ?? 0,
    render: ({ allocated }) => quantitiesText(allocated),
  },
  {
    ...{ id: 'guarantees', label: 'Guaranteed', width: 'minmax(160px, 2fr)' },
    render: ({ guarantees }) => quantitiesText(guarantees),
  },
  {
    ...{ id: 'limits', label: 'At most', width: 'minmax(160px, 2fr)' },
    render: ({ limits }) => (Object.keys(limits).length === 0 ? 'no limit' : quantitiesText(limits)),
  },
];

const unknownRole = (name: string): ClusterRole => ({
  ...{ name, weight: 1, frameworks: [], allocated: {}, guarantees: {}, limits: {} },
});

/** Roles with what they have, what is kept for them, and the most they may have. */
export function RoleList({ state }: { readonly state: ClusterState }) {
  const who = useSession().data;
  const toasts = useToasts();
  const [open, setOpen] = useState<ClusterRole>();
  const change = (role: ClusterRole, { weight, guarantees, limits, force }: RoleChange) => {
    setOpen(undefined);
    void toasts.run({ running: `Changing ${role.name}`, done: `${role.name} is changed` }, async () => {
      if (weight !== role.weight) await putWeight(role.name, weight);
      await putQuota(role.name, { guarantees, limits, force });
    });
  };
  const mayChange = permits(who, 'admin');
  return (
    <Panel
      title="Roles and quota"
      flush
      actions={
        mayChange && (
          <Button icon="plus" onClick={() => setOpen(unknownRole(''))}>
            Another role
          </Button>
        )
      }
    >
      <Table
        fitted
        label="Roles"
        columns={columns}
        rows={state.roles}
        keyOf={({ name }) => name}
        sorting={{ column: 'name', descending: false }}
        {...(mayChange ? { onOpen: setOpen } : {})}
        empty="No framework has a role, and no role has a weight or quota."
      />
      {open !== undefined && <RoleDialog role={open} onClose={() => setOpen(undefined)} onChosen={change} />}
    </Panel>
  );
}
