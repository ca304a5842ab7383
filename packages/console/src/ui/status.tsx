/** States in colour and in words: colour alone tells nothing to some. */
import type { ReactNode } from 'react';
import { classNames } from './class-names.ts';
import styles from './status.module.css';

export type Tone = 'ok' | 'warn' | 'bad' | 'info' | 'idle';

export function Status({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  return (
    <span className={styles.status}>
      <span className={classNames(styles.dot, styles[tone])} />
      {children}
    </span>
  );
}

export function Badge({ tone = 'idle', children }: { readonly tone?: Tone; readonly children: ReactNode }) {
  return <span className={classNames(styles.badge, styles[`${tone}Badge`])}>{children}</span>;
}

export interface MeterPart {
  readonly label: string;
  /** In the unit of `total`. */
  readonly value: number;
  readonly tone?: Tone;
}

/** A bar of how much of something is taken, and by what. */
export function Meter({
  label,
  total,
  parts,
}: {
  readonly label: string;
  readonly total: number;
  readonly parts: readonly MeterPart[];
}) {
  const taken = parts.reduce((sum, { value }) => sum + value, 0);
  const share = (value: number) => (total <= 0 ? 0 : Math.min(100, (100 * value) / total));
  return (
    <div className={styles.meter} role="img" aria-label={`${label}: ${Math.round(share(taken))} %`}>
      {parts.map((part) => (
        <span
          key={part.label}
          title={part.label}
          className={styles[part.tone ?? 'accent']}
          style={{ width: `${share(part.value)}%` }}
        />
      ))}
    </div>
  );
}

/** How far something is; without `value` it is only known that it goes on. */
export function Progress({ label, value }: { readonly label: string; readonly value?: number }) {
  return (
    <div className={styles.progress}>
      <progress aria-label={label} {...(value === undefined ? {} : { value, max: 1 })} />
      <span>{label}</span>
    </div>
  );
}
