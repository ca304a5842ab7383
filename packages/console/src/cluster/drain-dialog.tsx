import type { ClusterAgent } from '@orchestrator/monitor/schema';
import { useState } from 'react';
import { Checkbox, FormDialog, TextField } from '../ui/index.ts';

export interface DrainDialogProps {
  readonly agent: ClusterAgent;
  readonly onClose: () => void;
  readonly onChosen: (body: { maxGracePeriodMs?: number; markGone: boolean }) => void;
}

export function DrainDialog({ agent, onClose, onChosen }: DrainDialogProps) {
  const [grace, setGrace] = useState('');
  const [markGone, setMarkGone] = useState(false);
  const seconds = Number(grace);
  const problem = grace !== '' && !(seconds >= 0) ? 'A number of seconds' : undefined;
  return (
    <FormDialog
      title={`Drain ${agent.hostName}`}
      action="Drain"
      dangerous
      ready={problem === undefined}
      typed={markGone ? agent.hostName : undefined}
      onClose={onClose}
      onSubmit={() =>
        onChosen({
          markGone,
          ...(grace === '' ? {} : { maxGracePeriodMs: Math.round(seconds * 1_000) }),
        })
      }
    >
      <p>
        It gets no new tasks, and its {agent.tasks} tasks are ended; their frameworks start them elsewhere.
        Reactivate it to take tasks again.
      </p>
      <TextField
        label="Longest grace, in seconds"
        hint="For tasks to end by themselves. Empty: as each task's own kill policy says."
        problem={problem}
        inputMode="decimal"
        value={grace}
        onChange={(event) => setGrace(event.target.value)}
      />
      <Checkbox
        label="It does not come back: mark it gone when it is empty. This cannot be undone."
        checked={markGone}
        onChange={(event) => setMarkGone(event.target.checked)}
      />
    </FormDialog>
  );
}
