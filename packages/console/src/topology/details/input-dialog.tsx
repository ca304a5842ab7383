import { useState } from 'react';
import { FormDialog, TextField } from '../../ui/index.ts';
import type { Control } from '../model/schema.ts';

export interface InputDialogProps {
  readonly title: string;
  readonly action: string;
  readonly inputs: NonNullable<Control['inputs']>;
  readonly onClose: () => void;
  /** With the texts by the ids of the inputs. */
  readonly onFilled: (given: Readonly<Record<string, string>>) => void;
}

/** Asks for what a control has to be told. */
export function InputDialog({ title, action, inputs, onClose, onFilled }: InputDialogProps) {
  const [given, setGiven] = useState<Readonly<Record<string, string>>>({});
  return (
    <FormDialog title={title} action={action} onClose={onClose} onSubmit={() => onFilled(given)}>
      {inputs.map(({ id, label }) => (
        <TextField
          key={id}
          label={label}
          autoComplete="off"
          value={given[id] ?? ''}
          onChange={(event) => setGiven({ ...given, [id]: event.target.value })}
        />
      ))}
    </FormDialog>
  );
}
