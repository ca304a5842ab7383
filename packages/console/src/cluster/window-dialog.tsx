import type { Maintenance } from '@orchestrator/monitor/schema';
import { useState } from 'react';
import { Checkbox, FormDialog, TextField } from '../ui/index.ts';
import styles from './cluster.module.css';

const msPerHour = 3_600_000;

export interface WindowDialogProps {
  /** Of agents that are registered. */
  readonly hosts: readonly string[];
  readonly onClose: () => void;
  readonly onChosen: (window: Maintenance['windows'][number]) => void;
}

/** Which machines will be away, from when, for how long. */
export function WindowDialog({ hosts, onClose, onChosen }: WindowDialogProps) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [start, setStart] = useState('');
  const [hours, setHours] = useState('1');
  const startMs = new Date(start).getTime();
  const hoursProblem =
    hours === '' || Number(hours) > 0 ? undefined : 'A number above 0, or empty for no end';
  const isReady = chosen.size > 0 && Number.isFinite(startMs) && hoursProblem === undefined;
  const toggle = (host: string, isOn: boolean) => {
    const next = new Set(chosen);
    if (isOn) next.add(host);
    else next.delete(host);
    setChosen(next);
  };
  const choose = () =>
    onChosen({
      machines: [...chosen].map((hostName) => ({ hostName })),
      startMs,
      ...(hours === '' ? {} : { durationMs: Math.round(Number(hours) * msPerHour) }),
    });
  return (
    <FormDialog title="Plan a window" action="Plan" ready={isReady} onClose={onClose} onSubmit={choose}>
      <TextField
        label="From"
        type="datetime-local"
        value={start}
        onChange={(event) => setStart(event.target.value)}
      />
      <TextField
        label="Hours"
        hint="Empty: without an end."
        problem={hoursProblem}
        inputMode="decimal"
        value={hours}
        onChange={(event) => setHours(event.target.value)}
      />
      <fieldset className={styles.hosts}>
        <legend>Machines</legend>
        {hosts.map((host) => (
          <Checkbox
            key={host}
            label={host}
            checked={chosen.has(host)}
            onChange={(event) => toggle(host, event.target.checked)}
          />
        ))}
      </fieldset>
    </FormDialog>
  );
}
