import type { SandboxPlace } from '@orchestrator/monitor/schema';
import { sleep, systemClock } from '@orchestrator/runtime/clock';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { Button, Checkbox, ErrorState, formatBytes, Loading, useToasts } from '../ui/index.ts';
import styles from './cluster.module.css';
import { appended, type LogText, prepended, startOf } from './log-text.ts';
import { readSandbox } from './requests.ts';

const pageBytes = 64 * 1024;
const followMs = 1_000;

/** Reads the end, then what is added while `isFollowing`; what fails is tried again. */
function useLog(place: SandboxPlace, isFollowing: boolean) {
  const [log, setLog] = useState<LogText>();
  const [error, setError] = useState<unknown>();
  const fixed = useRef(place);
  const known = useRef<LogText>(undefined);
  useEffect(() => {
    const ending = new AbortController();
    const { signal } = ending;
    const read = async () => {
      const range = { offset: known.current?.nextOffset ?? -pageBytes, length: pageBytes };
      const part = await readSandbox(fixed.current, range, signal);
      known.current = appended(known.current, part);
      setLog(known.current);
      setError(undefined);
      return part.nextOffset < part.sizeBytes;
    };
    const follow = async () => {
      do {
        const hasMore = await read().catch((failed: unknown) => {
          if (!signal.aborted) setError(failed);
          return false;
        });
        if (!hasMore) await sleep(systemClock, followMs, signal);
      } while (isFollowing);
    };
    follow().catch((failed: unknown) => {
      if (!signal.aborted) throw failed;
    });
    return () => ending.abort();
  }, [isFollowing]);
  const earlier = async () => {
    if (known.current === undefined) return;
    const part = await readSandbox(fixed.current, startOf(known.current, pageBytes));
    known.current = prepended(known.current, part);
    setLog(known.current);
  };
  return { log, error, earlier };
}

/** A file as text from its end; what comes before is read on demand. */
export function LogView({ place }: { readonly place: SandboxPlace }) {
  const [isFollowing, setFollowing] = useState(true);
  const { log, error, earlier } = useLog(place, isFollowing);
  const toasts = useToasts();
  const box = useRef<HTMLPreElement>(null);
  const text = log?.text;
  // biome-ignore lint/correctness/useExhaustiveDependencies: new text is what makes it scroll
  useLayoutEffect(() => {
    if (isFollowing && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [text, isFollowing]);
  if (log === undefined) return error === undefined ? <Loading /> : <ErrorState error={error} />;
  return (
    <section className={styles.log} aria-label={`Text of ${place.path}`}>
      <header>
        <Button
          kind="quiet"
          disabled={log.offset === 0}
          onClick={() => void earlier().catch((failed: unknown) => toasts.failed(failed))}
        >
          {log.offset === 0 ? 'From the beginning' : `${formatBytes(log.offset)} before this`}
        </Button>
        <Checkbox
          label="Follow"
          checked={isFollowing}
          onChange={(event) => setFollowing(event.target.checked)}
        />
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keyboard */}
      <pre ref={box} tabIndex={0}>
        {log.text === '' ? '(empty)' : log.text}
      </pre>
    </section>
  );
}
