import { useState } from 'react';
import { Link } from 'wouter';
import { FormDialog, IconButton, TextField, useToasts } from '../../ui/index.ts';
import styles from './saved-menu.module.css';
import { useForgetView, useSavedViews, useSaveView } from './saved-views.ts';

/** Saves what is shown under a name, and leads to what was saved before. */
export function SavedMenu({ view }: { readonly view: string }) {
  const [isOpen, setOpen] = useState(false);
  const [name, setName] = useState('');
  const views = useSavedViews(isOpen).data ?? [];
  const toasts = useToasts();
  const failed = { onError: (error: unknown) => toasts.failed(error) };
  const saving = useSaveView();
  const forgetting = useForgetView();
  const close = () => setOpen(false);
  const save = () => {
    const address = `/topology/${encodeURIComponent(view)}${window.location.search}`;
    saving.mutate({ name: name.trim(), address }, failed);
    setName('');
    close();
  };
  return (
    <>
      <IconButton icon="bookmark" label="Saved views" onClick={() => setOpen(true)} />
      {isOpen && (
        <FormDialog
          title="Saved views"
          action="Save"
          ready={name.trim() !== ''}
          onClose={close}
          onSubmit={save}
        >
          {views.length > 0 && (
            <ul className={styles.views}>
              {views.map((saved) => (
                <li key={saved.name}>
                  <Link href={saved.address} onClick={close}>
                    {saved.name}
                  </Link>
                  <IconButton
                    icon="trash"
                    label={`Forget ${saved.name}`}
                    onClick={() => forgetting.mutate(saved.name, failed)}
                  />
                </li>
              ))}
            </ul>
          )}
          <TextField
            label="Save what is shown as"
            hint="View, search, grouping and what is open. For you, wherever you log in; others see it through its link."
            autoComplete="off"
            maxLength={80}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </FormDialog>
      )}
    </>
  );
}
