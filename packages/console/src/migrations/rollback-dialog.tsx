import type { Migration } from '@orchestrator/monitor/schema';
import { useState } from 'react';
import { Checkbox, FormDialog, Select } from '../ui/index.ts';
import { describeRollback } from './stages.ts';

export interface RollbackDialogProps {
  readonly migration: Migration;
  /** Phases that it can go back to, the nearest first. */
  readonly targets: readonly number[];
  readonly onClose: () => void;
  readonly onChosen: (body: { to_phase: number; force: boolean }) => void;
}

/** Asks how far back, says what that means, and wants the migration's name typed. */
export function RollbackDialog({ migration, targets, onClose, onChosen }: RollbackDialogProps) {
  const [phase, setPhase] = useState(targets[0] ?? 0);
  const [force, setForce] = useState(false);
  const nameOf = (number: number) => migration.phases.find((each) => each.number === number)?.name ?? '';
  return (
    <FormDialog
      title={`Roll back ${migration.name}`}
      action={phase === 0 ? 'Roll back everything' : `Roll back to phase ${phase}`}
      dangerous
      typed={migration.name}
      onClose={onClose}
      onSubmit={() => onChosen({ to_phase: phase, force })}
    >
      <Select
        label="Back to"
        value={String(phase)}
        choices={targets.map((number) => ({
          value: String(number),
          label: number === 0 ? 'Before the migration' : `After phase ${number}: ${nameOf(number)}`,
        }))}
        onChange={(value) => setPhase(Number(value))}
      />
      <p>{describeRollback(phase, migration.phases)}</p>
      <Checkbox
        label="Go back even if clients are connected to the new ensemble; they are left behind"
        checked={force}
        onChange={(event) => setForce(event.target.checked)}
      />
    </FormDialog>
  );
}
