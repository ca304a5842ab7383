import { type ReactNode, useId, useState } from 'react';
import { Button } from './button.tsx';
import styles from './dialog.module.css';
import { Dialog } from './dialog.tsx';
import { TextField } from './field.tsx';

export interface FormDialogProps {
  readonly title: string;
  /** What the button says: the act, such as "Remove". */
  readonly action: string;
  readonly dangerous?: boolean;
  /** Must be typed before the button can be pressed; for what cannot be undone. */
  readonly typed?: string | undefined;
  /** What is filled in will do; default true. */
  readonly ready?: boolean;
  readonly onClose: () => void;
  readonly onSubmit: () => void;
  readonly children: ReactNode;
}

/** Asks for something, or whether something is meant: it can be left, or sent with the button or Enter. */
export function FormDialog(props: FormDialogProps) {
  const { title, action, dangerous = false, typed, ready = true, onClose, onSubmit, children } = props;
  const [written, setWritten] = useState('');
  const form = useId();
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            submit
            form={form}
            kind={dangerous ? 'danger' : 'primary'}
            disabled={!ready || (typed !== undefined && written !== typed)}
          >
            {action}
          </Button>
        </>
      }
    >
      <form
        id={form}
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit();
        }}
      >
        {children}
        {typed !== undefined && (
          <TextField
            label={`Type ${typed} to go on`}
            autoComplete="off"
            value={written}
            onChange={(event) => setWritten(event.target.value)}
          />
        )}
      </form>
    </Dialog>
  );
}
