import type { ClusterAgent } from '@orchestrator/monitor/schema';
import { useState } from 'react';
import { Button, Checkbox, Dialog, TextField } from '../ui/index.ts';

export interface DrainDialogProps {
  readonly agent: ClusterAgent;
  readonly onClose: () => void;
  readonly onChosen: (body: { maxGracePeriodMs?: number; markGone: boolean }) => void;
}

export function DrainDialog({ agent, onClose, onChosen }: DrainDialogProps) {
  const [grace, setGrace] = useState('');
  const [markGone, setMarkGone] = useState(false);
  const [typed, setTyped] = useState('');
  const seconds = Number(grace);
  const problem = grace !== '' && !(seconds >= 0) ? 'A number of seconds' : undefined;
  const isSure = !markGone || typed === agent.hostName;
  return (
    <Dialog
      title={`Drain ${agent.hostName}`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            kind="danger"
            disabled={problem !== undefined || !isSure}
            onClick={() =>
              onChosen({
                markGone,
                ...(grace === '' ? {} : { maxGracePeriodMs: Math.round(seconds * 1_000) }),
              })
            }
          >
            Drain
          </Button>
        </>
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
      {markGone && (
        <TextField
          label={`Type ${agent.hostName} to go on`}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      )}
    </Dialog>
  );
}
