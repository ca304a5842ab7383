import type { ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';
import styles from './notice.module.css';

/** What a person has to know before all else, and what to do about it. */
export function Notice(props: {
  /** `bad` interrupts who listens to the page, the others wait. */
  readonly tone: 'bad' | 'warn' | 'info';
  readonly title: string;
  readonly icon?: IconName;
  readonly children?: ReactNode;
}) {
  const { tone, title, icon = 'warning', children } = props;
  return (
    <div className={styles[tone]} role={tone === 'bad' ? 'alert' : 'status'}>
      <Icon name={icon} />
      <div>
        <h3>{title}</h3>
        {children}
      </div>
    </div>
  );
}
