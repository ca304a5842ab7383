import type { Migration } from '@orchestrator/monitor/schema';
import { classNames, formatDuration, Icon, Status } from '../ui/index.ts';
import {
  attemptsOf,
  type Phase,
  phaseDurationMs,
  phaseTones,
  phaseWord,
  purposeOf,
  stepDurationMs,
} from './stages.ts';
import styles from './timeline.module.css';

function Step(props: {
  readonly migration: Migration;
  readonly phase: Phase;
  readonly step: Phase['steps'][number];
  readonly nowMs: number;
}) {
  const { migration, phase, step, nowMs } = props;
  const isCurrent = migration.step === step.name && migration.phase === phase.number;
  const state = isCurrent
    ? migration.status === 'failed'
      ? 'failed'
      : 'current'
    : step.done
      ? 'done'
      : 'open';
  const durationMs = stepDurationMs(migration, phase.number, step.name, nowMs);
  const attempt = isCurrent ? attemptsOf(migration) : 1;
  return (
    <li className={classNames(styles.step, styles[state])} {...(isCurrent ? { 'aria-current': 'step' } : {})}>
      <span className={styles.mark}>
        {state === 'done' && <Icon name="check" size={12} />}
        {state === 'failed' && <Icon name="warning" size={12} />}
      </span>
      <span>
        {isCurrent && migration.step_mode === 'undo' ? `undoing: ${step.name}` : step.name}
        {attempt > 1 && <em> attempt {attempt}</em>}
      </span>
      <span className={styles.took}>
        {durationMs !== undefined && (step.done || isCurrent) ? formatDuration(durationMs) : ''}
      </span>
    </li>
  );
}

/** The phases side by side, each with its gate and its steps. */
export function Timeline({ migration, nowMs }: { readonly migration: Migration; readonly nowMs: number }) {
  return (
    <ol className={styles.timeline}>
      {migration.phases.map((phase) => {
        const word = phaseWord(migration, phase);
        const durationMs = phaseDurationMs(migration, phase.number, nowMs);
        return (
          <li key={phase.number} className={classNames(styles.phase, styles[phaseTones[word]])}>
            <header>
              <span className={styles.number}>Phase {phase.number}</span>
              <Status tone={phaseTones[word]}>{word}</Status>
            </header>
            <h3>{phase.name}</h3>
            <p>{purposeOf(phase.number)}.</p>
            <ol>
              {phase.steps.map((step) => (
                <Step key={step.name} {...{ migration, phase, step, nowMs }} />
              ))}
            </ol>
            <footer>{durationMs === undefined ? 'not begun' : formatDuration(durationMs)}</footer>
          </li>
        );
      })}
    </ol>
  );
}
