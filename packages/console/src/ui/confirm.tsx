/** `const confirm = useConfirm(); if (await confirm({ … })) …` */
import { createContext, type ReactNode, use, useCallback, useState } from 'react';
import { FormDialog } from './form-dialog.tsx';

export interface ConfirmOptions {
  readonly title: string;
  /** What happens, to what, and whether it can be undone. */
  readonly text: ReactNode;
  /** What the button says: the act, such as "Remove". */
  readonly action: string;
  readonly dangerous?: boolean;
  /** Must be typed before the button can be pressed; for what cannot be undone. */
  readonly typed?: string;
}

type Confirm = (options: ConfirmOptions) => Promise<boolean>;

const ConfirmContext = createContext<Confirm | undefined>(undefined);

interface Question extends ConfirmOptions {
  readonly answer: (yes: boolean) => void;
}

function Ask({ text, answer, ...asked }: Question) {
  return (
    <FormDialog {...asked} onClose={() => answer(false)} onSubmit={() => answer(true)}>
      <div>{text}</div>
    </FormDialog>
  );
}

export function ConfirmProvider({ children }: { readonly children: ReactNode }) {
  const [question, setQuestion] = useState<Question>();
  const confirm = useCallback<Confirm>(
    (options) =>
      new Promise((resolve) => {
        const answer = (yes: boolean) => {
          setQuestion(undefined);
          resolve(yes);
        };
        setQuestion({ ...options, answer });
      }),
    [],
  );
  return (
    <ConfirmContext value={confirm}>
      {children}
      {question !== undefined && <Ask {...question} />}
    </ConfirmContext>
  );
}

export function useConfirm(): Confirm {
  const confirm = use(ConfirmContext);
  if (confirm === undefined) throw new Error('useConfirm is used outside of ConfirmProvider');
  return confirm;
}
