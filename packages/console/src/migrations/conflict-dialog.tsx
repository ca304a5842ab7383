import type { MigrationConflict } from '@orchestrator/monitor/schema';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { permits, useSession } from '../api/index.ts';
import { Button, Dialog, Facts, useToasts } from '../ui/index.ts';
import styles from './migrations.module.css';
import { keyOf, type Place, resolveConflict } from './requests.ts';
import { sideNames } from './stages.ts';
import { fieldText, textOfData } from './znode-text.ts';

function Value({ title, value }: { readonly title: string; readonly value: MigrationConflict['source'] }) {
  const { data, ...rest } = value ?? {};
  return (
    <section className={styles.value} aria-label={title}>
      <h3>{title}</h3>
      {value === null ? (
        <p>Deleted there, or never made.</p>
      ) : (
        <>
          <pre>{textOfData(data)}</pre>
          <Facts
            facts={Object.entries(rest).map(([field, content]) => {
              const [label, text] = fieldText(field, content);
              return [label, <code key={field}>{text}</code>];
            })}
          />
        </>
      )}
    </section>
  );
}

/** Both values beside each other; one that is held can be decided. */
export function ConflictDialog(props: {
  readonly at: Place;
  readonly conflict: MigrationConflict;
  readonly onClose: () => void;
}) {
  const { at, conflict, onClose } = props;
  const who = useSession().data;
  const client = useQueryClient();
  const toasts = useToasts();
  const [chosen, setChosen] = useState<'source' | 'target'>();
  const resolve = async (winner: 'source' | 'target') => {
    setChosen(winner);
    await toasts.run({ running: `Deciding ${conflict.path}`, done: 'Decided' }, () =>
      resolveConflict(at, conflict.id, winner),
    );
    setChosen(undefined);
    await client.invalidateQueries({ queryKey: keyOf(at, 'conflicts') });
    onClose();
  };
  const canDecide = conflict.decision === 'held' && permits(who, 'operator');
  return (
    <Dialog
      title={conflict.path}
      onClose={onClose}
      wide
      actions={
        canDecide
          ? (['source', 'target'] as const).map((side) => (
              <Button
                key={side}
                busy={chosen === side}
                disabled={chosen !== undefined}
                onClick={() => void resolve(side)}
              >
                {side === 'source' ? 'Keep the old side’s' : 'Keep the new side’s'}
              </Button>
            ))
          : undefined
      }
    >
      <p>
        {conflict.reason} <span className="aside">(strategy {conflict.strategy})</span>
      </p>
      <div className={styles.values}>
        <Value title={sideNames.source} value={conflict.source} />
        <Value title={sideNames.target} value={conflict.target} />
      </div>
    </Dialog>
  );
}
