/** What stands where content is not: nothing there, not yet there, could not be had. */
import type { ReactNode } from 'react';
import { ApiError } from '../api/index.ts';
import { Button } from './button.tsx';
import { Icon, type IconName } from './icon.tsx';
import styles from './state.module.css';

export function EmptyState(props: {
  readonly icon?: IconName;
  readonly title: string;
  readonly children?: ReactNode;
}) {
  const { icon = 'info', title, children } = props;
  return (
    <div className={styles.state}>
      <span className={styles.mark}>
        <Icon name={icon} size={22} />
      </span>
      <h2>{title}</h2>
      {children !== undefined && <div className={styles.text}>{children}</div>}
    </div>
  );
}

/** What went wrong and what to do about it, for any error. */
export function ErrorState({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  const message = error instanceof Error ? error.message : String(error);
  const remedy = error instanceof ApiError ? error.remedy : undefined;
  return (
    <div className={styles.state} role="alert">
      <span className={styles.badMark}>
        <Icon name="warning" size={22} />
      </span>
      <h2>{sentence(message)}</h2>
      {remedy !== undefined && <div className={styles.text}>{sentence(remedy)}</div>}
      {onRetry !== undefined && (
        <Button icon="restart" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** The server writes its messages without a capital and a full stop. */
export function sentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}

export function Loading({ label = 'Loading' }: { readonly label?: string }) {
  return (
    <div className={styles.state} role="status">
      <span className={styles.bar} />
      <span className={styles.text}>{label}…</span>
    </div>
  );
}
