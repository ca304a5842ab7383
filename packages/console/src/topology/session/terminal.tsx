/** One pipe as a terminal. What comes is written as bytes to a screen of cells: nothing in it can become markup. */
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { useEffect, useRef, useState } from 'react';
import { openSocket, type SocketState } from '../../api/index.ts';
import { token, useTheme } from '../../theme/theme.ts';
import { Status, sentence } from '../../ui/index.ts';
import { runControl } from '../model/acts.ts';
import styles from './session-dock.module.css';
import type { Session } from './sessions.ts';

const keptLines = 10_000;
/** Of logs, where nothing can be typed. */
const hideCursor = '\u001b[?25l';

const colours = () => ({
  background: token('--surface'),
  foreground: token('--text'),
  cursor: token('--accent'),
  selectionBackground: token('--accent-soft'),
  scrollbarSliderBackground: token('--surface-3'),
  scrollbarSliderHoverBackground: token('--line-strong'),
  scrollbarSliderActiveBackground: token('--line-strong'),
});

interface Connection {
  readonly state: SocketState;
  /** Why it is over. */
  readonly ended: string | undefined;
}

/** Fills the screen, and tells the other end how large it is. */
function fitTo(
  element: HTMLElement,
  terminal: Terminal,
  { resizeControl, probeId, nodeId, pipe }: Session,
  onUntold: () => void,
): () => void {
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  const tell = ({ cols, rows }: { cols: number; rows: number }) => {
    if (resizeControl === undefined) return;
    const given = { pipeID: pipe, width: String(cols), height: String(rows) };
    runControl({ probeId, nodeId, id: resizeControl }, given).catch(onUntold);
  };
  const resized = terminal.onResize(tell);
  const observer = new ResizeObserver(() => fit.fit());
  observer.observe(element);
  fit.fit();
  tell(terminal);
  return () => {
    observer.disconnect();
    resized.dispose();
  };
}

function usePipe(session: Session, isAsked: boolean) {
  const frame = useRef<HTMLDivElement>(null);
  const shown = useRef<Terminal>(undefined);
  const [connection, setConnection] = useState<Connection>({ state: 'connecting', ended: undefined });
  const [isSizeKnown, setSizeKnown] = useState(true);
  const theme = useTheme();
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const terminal = new Terminal({
      ...{ convertEol: !session.isTerminal, disableStdin: !session.isTerminal, scrollback: keptLines },
      ...{ fontFamily: '"JetBrains Mono Variable", monospace', fontSize: 12.5, theme: colours() },
      screenReaderMode: true,
    });
    terminal.open(element);
    shown.current = terminal;
    const socket = openSocket({
      path: () => `/api/pipe/${encodeURIComponent(session.pipe)}`,
      onMessage: (data) => terminal.write(data instanceof ArrayBuffer ? new Uint8Array(data) : String(data)),
      onState: (state) => {
        // What was kept is sent again to who comes back.
        if (state === 'open') {
          terminal.reset();
          if (!session.isTerminal) terminal.write(hideCursor);
        }
        setConnection({ state, ended: undefined });
      },
      onRefused: (reason) => setConnection({ state: 'lost', ended: reason === '' ? 'it has ended' : reason }),
    });
    const typed = terminal.onData((text) => socket.send(new TextEncoder().encode(text)));
    const endFit = fitTo(element, terminal, session, () => setSizeKnown(false));
    return () => {
      typed.dispose();
      endFit();
      socket.close();
      terminal.dispose();
    };
  }, [session]);
  useEffect(() => {
    if (isAsked) shown.current?.focus();
  }, [isAsked]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read from the page, which the theme has changed
  useEffect(() => {
    if (shown.current !== undefined) shown.current.options.theme = colours();
  }, [theme]);
  return { frame, connection, isSizeKnown };
}

export interface TerminalViewProps {
  readonly session: Session;
  /** Somebody has just opened or chosen it: it gets the keys. */
  readonly isAsked: boolean;
}

export function TerminalView({ session, isAsked }: TerminalViewProps) {
  const { frame, connection, isSizeKnown } = usePipe(session, isAsked);
  const { state, ended } = connection;
  return (
    <div className={styles.session}>
      {state !== 'open' && (
        <p className={styles.told} role="status">
          {ended === undefined ? (
            <Status tone="warn">
              {state === 'connecting' ? 'Connecting…' : 'The connection is lost; trying again…'}
            </Status>
          ) : (
            <Status tone="idle">{sentence(ended)}</Status>
          )}
        </p>
      )}
      {state === 'open' && !isSizeKnown && (
        <p className={styles.told} role="status">
          <Status tone="warn">
            The other end does not know the size of this terminal; lines may break oddly.
          </Status>
        </p>
      )}
      <div ref={frame} className={styles.terminal} />
    </div>
  );
}
