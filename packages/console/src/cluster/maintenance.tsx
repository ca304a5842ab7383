import type { Machine, Maintenance as Plan } from '@orchestrator/monitor/schema';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { permits, useSession } from '../api/index.ts';
import {
  Button,
  Columns,
  EmptyState,
  ErrorState,
  formatDuration,
  formatTime,
  Loading,
  Panel,
  useConfirm,
  useToasts,
} from '../ui/index.ts';
import styles from './cluster.module.css';
import type { ClusterState } from './cluster-state.ts';
import { bringMachines, maintenanceKey, putWindows, useMaintenance } from './requests.ts';
import { WindowDialog } from './window-dialog.tsx';

const nameOf = ({ hostName, ip }: Machine) => (ip === undefined ? hostName : `${hostName} (${ip})`);
type Window = Plan['windows'][number];

const describe = ({ startMs, durationMs }: Window) =>
  `${formatTime(startMs)}, ${durationMs === undefined ? 'without an end' : `for ${formatDuration(durationMs)}`}`;

function Machines(props: {
  readonly title: string;
  readonly machines: readonly Machine[];
  readonly act: string;
  readonly onAct: ((machine: Machine) => void) | undefined;
  readonly none: string;
}) {
  const { title, machines, act, onAct, none } = props;
  return (
    <Panel title={title}>
      {machines.length === 0 && <p className="aside">{none}</p>}
      <ul className={styles.machines}>
        {machines.map((machine) => (
          <li key={nameOf(machine)}>
            <span>{nameOf(machine)}</span>
            {onAct !== undefined && <Button onClick={() => onAct(machine)}>{act}</Button>}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Windows(props: {
  readonly windows: readonly Window[];
  readonly onRemove: ((window: Window) => void) | undefined;
}) {
  const { windows, onRemove } = props;
  if (windows.length === 0) {
    return (
      <EmptyState icon="clock" title="No maintenance is planned">
        A window tells frameworks ahead of time that machines will be away, so that they move their tasks.
      </EmptyState>
    );
  }
  return (
    <ul className={styles.machines}>
      {windows.map((window) => (
        <li key={`${window.startMs} ${window.machines.map(nameOf).join()}`}>
          <span>
            {describe(window)}: {window.machines.map(nameOf).join(', ')}
          </span>
          {onRemove !== undefined && (
            <Button kind="quiet" icon="trash" onClick={() => onRemove(window)}>
              Remove
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}

/** What is planned, which machines are being left, and which are away. */
export function Maintenance({ state }: { readonly state: ClusterState }) {
  const who = useSession().data;
  const client = useQueryClient();
  const toasts = useToasts();
  const confirm = useConfirm();
  const [isAdding, setAdding] = useState(false);
  const { data, error, refetch } = useMaintenance();
  if (data === undefined && error !== null)
    return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading />;
  const mayAct = permits(who, 'operator');
  const change = async (told: { running: string; done: string }, work: () => Promise<unknown>) => {
    await toasts.run(told, work);
    await client.invalidateQueries({ queryKey: maintenanceKey });
  };
  const plan = (windows: Plan['windows']) =>
    void change({ running: 'Changing the plan', done: 'The plan is changed' }, () => putWindows(windows));
  const down = async (machine: Machine) => {
    const yes = await confirm({
      title: `Take ${nameOf(machine)} down?`,
      text: 'Its agents are shut down, and with them every task that is still there.',
      action: 'Take down',
      dangerous: true,
    });
    if (yes)
      await change({ running: 'Taking it down', done: 'It is down' }, () => bringMachines('down', [machine]));
  };
  const up = (machine: Machine) =>
    void change({ running: 'Bringing it up', done: 'It may register again' }, () =>
      bringMachines('up', [machine]),
    );
  return (
    <>
      <Panel
        title="Windows"
        actions={
          mayAct && (
            <Button icon="plus" onClick={() => setAdding(true)}>
              Plan a window
            </Button>
          )
        }
      >
        <Windows
          windows={data.windows}
          onRemove={mayAct ? (gone) => plan(data.windows.filter((each) => each !== gone)) : undefined}
        />
      </Panel>
      <Columns>
        <Machines
          {...{ title: 'Being left', machines: data.draining, act: 'Take down…' }}
          onAct={mayAct ? (machine) => void down(machine) : undefined}
          none="No machine is in a window."
        />
        <Machines
          {...{ title: 'Down', machines: data.down, act: 'Bring up' }}
          onAct={mayAct ? up : undefined}
          none="No machine is down."
        />
      </Columns>
      {isAdding && (
        <WindowDialog
          hosts={[...new Set(state.agents.map(({ hostName }) => hostName))].sort()}
          onClose={() => setAdding(false)}
          onChosen={(window) => {
            setAdding(false);
            plan([...data.windows, window]);
          }}
        />
      )}
    </>
  );
}
