/** One act on many nodes, with a result for each. */
import { useState } from 'react';
import { Button, Dialog, type IconName, sentence, TextField, useConfirm, useToasts } from '../../ui/index.ts';
import { type ControlResult, changeLabels, runOnMany } from '../model/acts.ts';
import type { Nodes } from '../model/live-view.ts';
import styles from './table-mode.module.css';

interface Act {
  readonly control: string;
  readonly label: string;
  readonly running: string;
  readonly icon: IconName;
  readonly asks?: boolean;
}

const acts: readonly Act[] = [
  { control: 'docker_start_container', label: 'Start', running: 'Starting', icon: 'play' },
  { control: 'docker_stop_container', label: 'Stop', running: 'Stopping', icon: 'stop', asks: true },
  {
    control: 'docker_restart_container',
    label: 'Restart',
    running: 'Restarting',
    icon: 'restart',
    asks: true,
  },
  { control: 'docker_pause_container', label: 'Pause', running: 'Pausing', icon: 'pause' },
  { control: 'docker_unpause_container', label: 'Unpause', running: 'Unpausing', icon: 'play' },
  { control: 'docker_remove_container', label: 'Remove', running: 'Removing', icon: 'trash', asks: true },
];

function Failures({
  results,
  nodes,
  onClose,
}: {
  readonly results: readonly ControlResult[];
  readonly nodes: Nodes;
  readonly onClose: () => void;
}) {
  const failed = results.filter(({ ok }) => !ok);
  return (
    <Dialog title={`${failed.length} of ${results.length} failed`} onClose={onClose}>
      <ul className={styles.failures}>
        {failed.map(({ node, message = 'no reason was given' }) => (
          <li key={node}>
            <strong>{nodes.get(node)?.label ?? node}</strong>: {sentence(message)}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

const labelPattern = /^[\w.\-/]{1,100}$/;

function LabelDialog({
  selected,
  onClose,
}: {
  readonly selected: readonly string[];
  readonly onClose: () => void;
}) {
  const [key, setKey] = useState('');
  const [value, setValue] = useState('');
  const toasts = useToasts();
  const problem =
    key === '' || labelPattern.test(key) ? undefined : 'Letters, digits, dots, dashes and slashes only.';
  const apply = async (isRemoved: boolean) => {
    const body = { nodes: selected, set: isRemoved ? {} : { [key]: value }, remove: isRemoved ? [key] : [] };
    const done = isRemoved ? `Label ${key} is removed.` : `${selected.length} nodes have the label ${key}.`;
    await toasts.run({ running: 'Changing labels…', done }, () => changeLabels(body));
    onClose();
  };
  const isReady = key !== '' && problem === undefined;
  return (
    <Dialog
      title={`Label of ${selected.length} nodes`}
      onClose={onClose}
      actions={
        <>
          <Button disabled={!isReady} onClick={() => void apply(true)}>
            Remove label
          </Button>
          <Button kind="primary" disabled={!isReady || value === ''} onClick={() => void apply(false)}>
            Set label
          </Button>
        </>
      }
    >
      <p>
        Docker cannot change labels of a container that runs, so the monitor keeps these itself; searches and
        groups know them.
      </p>
      <TextField label="Key" value={key} problem={problem} onChange={(event) => setKey(event.target.value)} />
      <TextField label="Value" value={value} onChange={(event) => setValue(event.target.value)} />
    </Dialog>
  );
}

export function BulkActs(props: {
  readonly nodes: Nodes;
  readonly selected: readonly string[];
  readonly onDone: () => void;
}) {
  const { nodes, selected, onDone } = props;
  const [results, setResults] = useState<readonly ControlResult[]>();
  const [isLabelling, setLabelling] = useState(false);
  const [running, setRunning] = useState<string>();
  const toasts = useToasts();
  const confirm = useConfirm();
  const run = async ({ control, label, running: doing, asks = false }: Act) => {
    const text = `${selected.length} containers are concerned.`;
    if (
      asks &&
      !(await confirm({
        title: `${label} ${selected.length} containers?`,
        text,
        action: label,
        dangerous: true,
      }))
    )
      return;
    setRunning(control);
    const all = await toasts.run(
      { running: `${doing} ${selected.length} containers…`, done: `${label}: all have answered.` },
      () => runOnMany(control, selected),
    );
    setRunning(undefined);
    if (all?.some(({ ok }) => !ok) === true) setResults(all);
    else if (all !== undefined) onDone();
  };
  return (
    <div className={styles.acts} role="toolbar" aria-label="Acts on what is marked">
      <strong>{selected.length} marked</strong>
      {acts.map((act) => (
        <Button
          key={act.control}
          icon={act.icon}
          busy={running === act.control}
          onClick={() => void run(act)}
        >
          {act.label}
        </Button>
      ))}
      <Button icon="tag" onClick={() => setLabelling(true)}>
        Labels
      </Button>
      <Button kind="quiet" onClick={onDone}>
        Unmark
      </Button>
      {isLabelling && <LabelDialog selected={selected} onClose={() => setLabelling(false)} />}
      {results !== undefined && <Failures {...{ results, nodes }} onClose={() => setResults(undefined)} />}
    </div>
  );
}
