import type { Quantities } from '@orchestrator/monitor/schema';
import { Meter } from '../ui/index.ts';
import { amountText, labelOf, namesOf } from './amounts.ts';
import styles from './cluster.module.css';

export interface UsageProps {
  readonly total: Quantities;
  readonly allocated: Quantities;
  readonly offered?: Quantities;
}

/** One bar: taken, and offered to frameworks just now. */
export function UsageBar({ name, total, allocated, offered = {} }: UsageProps & { readonly name: string }) {
  const [all, taken, held] = [total[name] ?? 0, allocated[name] ?? 0, offered[name] ?? 0];
  return (
    <Meter
      label={`${labelOf(name)} in use`}
      total={all}
      parts={[
        { label: `${amountText(name, taken)} allocated`, value: taken },
        { label: `${amountText(name, held)} offered`, value: held, tone: 'info' },
      ]}
    />
  );
}

/** A row for each resource: bar and figures. */
export function Usage(props: UsageProps) {
  const { total, allocated } = props;
  return (
    <ul className={styles.usage}>
      {namesOf(total).map((name) => (
        <li key={name}>
          <span>{labelOf(name)}</span>
          <UsageBar {...props} name={name} />
          <span className={styles.figures}>
            {amountText(name, allocated[name] ?? 0)} of {amountText(name, total[name] ?? 0)}
          </span>
        </li>
      ))}
    </ul>
  );
}
