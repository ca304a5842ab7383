/** What may be done with a migration now. What is far-reaching says what it will do, and asks. */
import type { Migration } from '@orchestrator/monitor/schema';
import { useState } from 'react';
import { permits, useSession } from '../api/index.ts';
import { Button, useConfirm, useToasts } from '../ui/index.ts';
import { CheckNow } from './check-now.tsx';
import { type Act, act, type Place } from './requests.ts';
import { RollbackDialog } from './rollback-dialog.tsx';
import { offeredOf, purposeOf } from './stages.ts';

/** Runs one act at a time, and says how it went. */
function useActs(at: Place) {
  const toasts = useToasts();
  const [running, setRunning] = useState<Act>();
  const run = async (name: Act, told: { running: string; done: string }, body?: object) => {
    setRunning(name);
    await toasts.run(told, () => act(at, name, body));
    setRunning(undefined);
  };
  return { running, run };
}

export function Actions({ migration, at }: { readonly migration: Migration; readonly at: Place }) {
  const who = useSession().data;
  const confirm = useConfirm();
  const { running, run } = useActs(at);
  const [isRollingBack, setRollingBack] = useState(false);
  const offered = offeredOf(migration);
  const { approve, resume } = offered;
  const phaseName = migration.phases.find(({ number }) => number === approve)?.name ?? '';

  const advance = async (phase: number) => {
    const yes = await confirm({
      title: `Begin phase ${phase}: ${phaseName}?`,
      text: `${purposeOf(phase)}. You can pause at any moment and go back afterwards.`,
      action: `Approve phase ${phase}`,
    });
    if (yes)
      await run('advance', { running: `Approving phase ${phase}`, done: `Phase ${phase} begins` }, { phase });
  };

  if (!permits(who, 'operator')) return null;
  return (
    <>
      <CheckNow at={at} />
      {offered.rollbackTo.length > 0 && permits(who, 'admin') && (
        <Button kind="danger" busy={running === 'rollback'} onClick={() => setRollingBack(true)}>
          Roll back…
        </Button>
      )}
      {offered.pause && (
        <Button
          icon="pause"
          busy={running === 'pause'}
          onClick={() =>
            void run('pause', { running: 'Pausing', done: 'Paused after the present instruction' })
          }
        >
          Pause
        </Button>
      )}
      {resume !== undefined && (
        <Button
          kind="primary"
          icon="play"
          busy={running === 'resume'}
          onClick={() => void run('resume', { running: 'Going on', done: 'It goes on' })}
        >
          {resume === 'resume' ? 'Resume' : 'Try again'}
        </Button>
      )}
      {offered.start && (
        <Button
          kind="primary"
          icon="play"
          busy={running === 'start'}
          onClick={() => void run('start', { running: 'Starting', done: 'Phase 1 begins' })}
        >
          Start
        </Button>
      )}
      {approve !== undefined && (
        <Button
          kind="primary"
          icon="check"
          busy={running === 'advance'}
          onClick={() => void advance(approve)}
        >
          Approve phase {approve}
        </Button>
      )}
      {isRollingBack && (
        <RollbackDialog
          migration={migration}
          targets={offered.rollbackTo}
          onClose={() => setRollingBack(false)}
          onChosen={(body) => {
            setRollingBack(false);
            void run('rollback', { running: 'Rolling back', done: 'The way back begins' }, body);
          }}
        />
      )}
    </>
  );
}
