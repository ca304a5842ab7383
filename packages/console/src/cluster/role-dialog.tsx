import type { ClusterRole, Quantities } from '@orchestrator/monitor/schema';
import { useState } from 'react';
import { Checkbox, FormDialog, TextField } from '../ui/index.ts';
import { parseAmounts, quantitiesFlag } from './amounts.ts';

export interface RoleChange {
  readonly weight: number;
  readonly guarantees: Quantities;
  readonly limits: Quantities;
  readonly force: boolean;
}

export interface RoleDialogProps {
  /** Without a name: one that is to be named. */
  readonly role: ClusterRole;
  readonly onClose: () => void;
  readonly onChosen: (role: ClusterRole, change: RoleChange) => void;
}

/** Weight and quota of a role. */
export function RoleDialog({ role, onClose, onChosen }: RoleDialogProps) {
  const [name, setName] = useState(role.name);
  const [weight, setWeight] = useState(String(role.weight));
  const [guarantees, setGuarantees] = useState(quantitiesFlag(role.guarantees));
  const [limits, setLimits] = useState(quantitiesFlag(role.limits));
  const [force, setForce] = useState(false);
  const [kept, most] = [parseAmounts(guarantees), parseAmounts(limits)];
  const weightProblem = Number(weight) > 0 ? undefined : 'A number above 0';
  const isWrong =
    name === '' || weightProblem !== undefined || kept.problem !== undefined || most.problem !== undefined;
  const chosen = { weight: Number(weight), guarantees: kept.amounts, limits: most.amounts, force };
  return (
    <FormDialog
      title={role.name === '' ? 'Another role' : role.name}
      action="Save"
      ready={!isWrong}
      onClose={onClose}
      onSubmit={() => onChosen({ ...role, name }, chosen)}
    >
      {role.name === '' && (
        <TextField label="Name" value={name} onChange={(event) => setName(event.target.value)} />
      )}
      <TextField
        label="Weight"
        hint="With twice the weight, twice the share."
        problem={weightProblem}
        inputMode="decimal"
        value={weight}
        onChange={(event) => setWeight(event.target.value)}
      />
      <TextField
        label="Guaranteed"
        hint="Kept for it, such as cpus:4;mem:8192 (in MB). Empty: nothing."
        problem={kept.problem}
        value={guarantees}
        onChange={(event) => setGuarantees(event.target.value)}
      />
      <TextField
        label="At most"
        hint="What is not named has no limit."
        problem={most.problem}
        value={limits}
        onChange={(event) => setLimits(event.target.value)}
      />
      <Checkbox
        label="Also if the cluster cannot fulfil it now"
        checked={force}
        onChange={(event) => setForce(event.target.checked)}
      />
    </FormDialog>
  );
}
