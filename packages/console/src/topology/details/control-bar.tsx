import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { permits, useSession } from '../../api/index.ts';
import { Button, type IconName, useConfirm, useToasts } from '../../ui/index.ts';
import { runControl } from '../model/acts.ts';
import type { Control, NodeDetail } from '../model/schema.ts';
import { openSession } from '../session/sessions.ts';
import styles from './details-panel.module.css';
import { FileBrowser } from './file-browser.tsx';
import { InputDialog } from './input-dialog.tsx';

const icons: readonly (readonly [RegExp, IconName])[] = [
  [/logs/, 'logs'],
  [/exec|shell/, 'terminal'],
  [/attach/, 'attach'],
  [/restart/, 'restart'],
  [/unpause|start/, 'play'],
  [/pause/, 'pause'],
  [/stop/, 'stop'],
  [/remove|delete/, 'trash'],
  [/scale_up/, 'plus'],
  [/scale_down/, 'minus'],
];

const iconOf = (id: string): IconName => icons.find(([pattern]) => pattern.test(id))?.[1] ?? 'more';
const isDangerous = (id: string) => /remove|delete/.test(id);

const hasFiles = (nodeId: string) => nodeId.endsWith(';<container>');
/** Files have a window of their own. */
const isButton = ({ id }: Control) => !/_file(s)?$/.test(id);

/** What the server offers for the node; who may not act sees none of it. */
export function ControlBar({ node }: { readonly node: NodeDetail }) {
  const { data: who } = useSession();
  const [running, setRunning] = useState<string>();
  /** What it needs is being filled in. */
  const [asked, setAsked] = useState<Control>();
  const [isBrowsing, setBrowsing] = useState(false);
  const toasts = useToasts();
  const confirm = useConfirm();
  const client = useQueryClient();
  if (node.controls.length === 0 || !permits(who, 'operator')) return null;

  const run = async (control: Control, given: Readonly<Record<string, string>> = {}) => {
    const { id, human, confirmation } = control;
    const asked = {
      title: `${human} ${node.label}?`,
      text: confirmation ?? '',
      action: human,
      dangerous: true,
    };
    if (confirmation !== undefined && !(await confirm(asked))) return;
    setRunning(id);
    const answer = await toasts.run(
      { running: `${human}: ${node.label}…`, done: `${human}: ${node.label}` },
      () => runControl(control, given),
    );
    setRunning(undefined);
    if (answer !== undefined) openSession(control, node.label, answer);
    if (answer?.value !== undefined && answer.value !== '') toasts.done(`${human}: ${answer.value}`);
    await client.invalidateQueries({ queryKey: ['node'] });
  };
  return (
    <div className={styles.controls} role="toolbar" aria-label="Controls">
      {node.controls.filter(isButton).map((control) => (
        <Button
          key={control.id}
          icon={iconOf(control.id)}
          kind={isDangerous(control.id) ? 'danger' : 'plain'}
          busy={running === control.id}
          onClick={() => (control.inputs === undefined ? void run(control) : setAsked(control))}
        >
          {control.human}
        </Button>
      ))}
      {hasFiles(node.id) && (
        <Button icon="folder" onClick={() => setBrowsing(true)}>
          Files
        </Button>
      )}
      {asked !== undefined && (
        <InputDialog
          title={`${asked.human}: ${node.label}`}
          action={asked.human}
          inputs={asked.inputs ?? []}
          onClose={() => setAsked(undefined)}
          onFilled={(given) => {
            setAsked(undefined);
            void run(asked, given);
          }}
        />
      )}
      {isBrowsing && <FileBrowser nodeId={node.id} label={node.label} onClose={() => setBrowsing(false)} />}
    </div>
  );
}
