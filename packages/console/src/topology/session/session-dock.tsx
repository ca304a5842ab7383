import { useEffect, useState } from 'react';
import { request } from '../../api/index.ts';
import { classNames, IconButton, useToasts } from '../../ui/index.ts';
import styles from './session-dock.module.css';
import { closeSession, isRestored, type Session, useSessions } from './sessions.ts';
import { TerminalView } from './terminal.tsx';

const heights = { low: 260, high: 560 } as const;

function useClosing() {
  const toasts = useToasts();
  return (pipe: string) => {
    closeSession(pipe);
    request(`/api/pipe/${encodeURIComponent(pipe)}`, { method: 'DELETE' }).catch((error: unknown) => {
      // It has ended already: nothing is left to close.
      if (error instanceof Error && 'status' in error && error.status === 404) return;
      toasts.failed(error, 'The other end may still be open.');
    });
  };
}

function SessionTab(props: {
  readonly session: Session;
  readonly isCurrent: boolean;
  readonly choose: () => void;
  readonly close: () => void;
}) {
  const { session, isCurrent, choose, close } = props;
  return (
    <span className={classNames(styles.tab, isCurrent && styles.current)}>
      <button type="button" aria-pressed={isCurrent} onClick={choose}>
        {session.title}
      </button>
      <IconButton icon="close" label={`Close ${session.title}`} onClick={close} />
    </span>
  );
}

/** Below the page: one terminal in sight, the others in tabs. All stay connected. */
export function SessionDock() {
  const sessions = useSessions();
  const [chosen, setChosen] = useState<string>();
  /** What is typed goes to it. After a reload to none, or keys meant for the page would run in a shell. */
  const [asked, setAsked] = useState<string>();
  const [isHigh, setHigh] = useState(false);
  const close = useClosing();
  const newest = sessions.at(-1)?.pipe;
  useEffect(() => {
    setChosen(newest);
    if (newest !== undefined && !isRestored(newest)) setAsked(newest);
  }, [newest]);
  if (sessions.length === 0) return null;
  const current = sessions.find(({ pipe }) => pipe === chosen)?.pipe ?? newest;
  return (
    <section
      className={styles.dock}
      aria-label="Terminals and logs"
      style={{ height: isHigh ? heights.high : heights.low }}
    >
      <header className={styles.head}>
        <div className={styles.tabs}>
          {sessions.map((session) => (
            <SessionTab
              key={session.pipe}
              session={session}
              isCurrent={session.pipe === current}
              choose={() => {
                setChosen(session.pipe);
                setAsked(session.pipe);
              }}
              close={() => close(session.pipe)}
            />
          ))}
        </div>
        <IconButton
          icon="expand"
          label={isHigh ? 'Lower' : 'Higher'}
          pressed={isHigh}
          onClick={() => setHigh(!isHigh)}
        />
      </header>
      {sessions.map((session) => (
        <div key={session.pipe} className={styles.pane} hidden={session.pipe !== current}>
          <TerminalView session={session} isAsked={session.pipe === current && session.pipe === asked} />
        </div>
      ))}
    </section>
  );
}
