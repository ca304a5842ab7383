import type { ComponentProps, ReactNode } from 'react';
import styles from './button.module.css';
import { classNames } from './class-names.ts';
import { Icon, type IconName } from './icon.tsx';

export type ButtonKind = 'plain' | 'primary' | 'danger' | 'quiet';

export interface ButtonProps extends Omit<ComponentProps<'button'>, 'className' | 'type'> {
  readonly kind?: ButtonKind;
  readonly icon?: IconName;
  /** Something is under way: it cannot be pressed, and turns. */
  readonly busy?: boolean;
  readonly submit?: boolean;
  readonly children: ReactNode;
}

export function Button({
  kind = 'plain',
  icon,
  busy = false,
  submit = false,
  children,
  ...rest
}: ButtonProps) {
  return (
    <button
      {...rest}
      type={submit ? 'submit' : 'button'}
      className={classNames(styles.button, styles[kind])}
      disabled={busy || rest.disabled === true}
      aria-busy={busy}
    >
      {busy ? <span className={styles.spinner} /> : icon !== undefined && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

export interface IconButtonProps extends Omit<ComponentProps<'button'>, 'className' | 'type' | 'children'> {
  readonly icon: IconName;
  /** Read aloud, and shown when the pointer rests on it. */
  readonly label: string;
  readonly pressed?: boolean;
}

export function IconButton({ icon, label, pressed, ...rest }: IconButtonProps) {
  return (
    <button
      {...rest}
      type="button"
      className={classNames(styles.icon, pressed === true && styles.pressed)}
      aria-label={label}
      title={label}
      {...(pressed === undefined ? {} : { 'aria-pressed': pressed })}
    >
      <Icon name={icon} />
    </button>
  );
}
