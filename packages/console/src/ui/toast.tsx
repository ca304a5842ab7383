/** Short messages at the edge: what was done, or why it was not. Errors stay until they are closed. */
import { systemClock } from '@orchestrator/runtime/clock';
import { createContext, type ReactNode, use, useCallback, useMemo, useRef, useState } from 'react';
import { ApiError } from '../api/index.ts';
import { IconButton } from './button.tsx';
import { classNames } from './class-names.ts';
import { Icon } from './icon.tsx';
import { sentence } from './state.tsx';
import styles from './toast.module.css';

type ToastKind = 'done' | 'failed' | 'running';

interface Toast {
  readonly id: number;
  readonly kind: ToastKind;
  readonly text: string;
  readonly detail: string | undefined;
}

export interface Toasts {
  /** Says that it runs, then that it is done or why it failed. The error is told, and thrown to nobody. */
  run<Result>(
    what: { running: string; done: string },
    work: () => Promise<Result>,
  ): Promise<Result | undefined>;
  done(text: string): void;
  failed(error: unknown, what?: string): void;
}

/** More would hide the page; the oldest go first. */
const maxToasts = 5;
const shownMs = 4_000;

const ToastContext = createContext<Toasts | undefined>(undefined);

export function explain(error: unknown): { readonly text: string; readonly detail: string | undefined } {
  const text = sentence(error instanceof Error ? error.message : String(error));
  const remedy = error instanceof ApiError ? error.remedy : undefined;
  return { text, detail: remedy === undefined ? undefined : sentence(remedy) };
}

function useToastList() {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const next = useRef(0);
  const close = useCallback((id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)), []);
  const put = useCallback(
    (
      kind: ToastKind,
      text: string,
      { detail, id = next.current++ }: { detail?: string | undefined; id?: number } = {},
    ) => {
      setToasts((all) =>
        [...all.filter((toast) => toast.id !== id), { id, kind, text, detail }].slice(-maxToasts),
      );
      if (kind === 'done') systemClock.after(shownMs, () => close(id));
      return id;
    },
    [close],
  );
  return { toasts, put, close };
}

export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const { toasts, put, close } = useToastList();
  const api = useMemo<Toasts>(() => {
    const failed = (error: unknown, what?: string, id?: number) => {
      const { text, detail } = explain(error);
      const told =
        what === undefined
          ? { text, detail }
          : { text: what, detail: [text, detail].filter(Boolean).join(' ') };
      put('failed', told.text, { detail: told.detail, ...(id === undefined ? {} : { id }) });
    };
    return {
      failed,
      done: (text) => void put('done', text),
      async run(what, work) {
        const id = put('running', what.running);
        try {
          const result = await work();
          put('done', what.done, { id });
          return result;
        } catch (error) {
          failed(error, undefined, id);
          return undefined;
        }
      },
    };
  }, [put]);
  return (
    <ToastContext value={api}>
      {children}
      <section className={styles.list} aria-label="Messages" aria-live="polite">
        {toasts.map(({ id, kind, text, detail }) => (
          <div
            key={id}
            className={classNames(styles.toast, styles[kind])}
            role={kind === 'failed' ? 'alert' : 'status'}
          >
            <Icon name={kind === 'done' ? 'check' : kind === 'failed' ? 'warning' : 'clock'} />
            <div className={styles.text}>
              <p>{text}</p>
              {detail !== undefined && <p className={styles.detail}>{detail}</p>}
            </div>
            <IconButton icon="close" label="Close message" onClick={() => close(id)} />
          </div>
        ))}
      </section>
    </ToastContext>
  );
}

export function useToasts(): Toasts {
  const toasts = use(ToastContext);
  if (toasts === undefined) throw new Error('useToasts is used outside of ToastProvider');
  return toasts;
}
