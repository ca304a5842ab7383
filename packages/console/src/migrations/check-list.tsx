import { EmptyState, Icon, sentence } from '../ui/index.ts';
import styles from './migrations.module.css';
import type { CheckResult } from './requests.ts';

const words = { ok: 'Fulfilled', warn: 'Worth reading', fail: 'Not fulfilled' } as const;

/** What was checked, what was found, and what to do where it is not as it should be. */
export function CheckList({ results }: { readonly results: readonly CheckResult[] }) {
  if (results.length === 0) {
    return <EmptyState icon="info" title="There is nothing to check in this phase" />;
  }
  return (
    <ul className={styles.checks}>
      {results.map(({ check, status, found, remedy }) => (
        <li key={check} className={styles[status]}>
          <Icon name={status === 'ok' ? 'check' : 'warning'} />
          <div>
            <h3>
              {check} <span className="visually-hidden">{words[status]}</span>
            </h3>
            <p>{found}</p>
            {remedy !== null && status !== 'ok' && <p className={styles.remedy}>{sentence(remedy)}</p>}
          </div>
        </li>
      ))}
    </ul>
  );
}
