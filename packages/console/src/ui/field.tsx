/** Fields of forms. Each has its label, and says what is wrong with its value beside it. */
import { type ComponentProps, type ReactNode, useId } from 'react';
import styles from './field.module.css';

interface FieldFrame {
  readonly label: string;
  readonly hint?: string | undefined;
  /** What is wrong and how to mend it. */
  readonly problem?: string | undefined;
}

function Frame({
  id,
  label,
  hint,
  problem,
  children,
}: FieldFrame & { readonly id: string; readonly children: ReactNode }) {
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      {children}
      {problem !== undefined ? (
        <p id={`${id}-told`} className={styles.problem}>
          {problem}
        </p>
      ) : (
        hint !== undefined && (
          <p id={`${id}-told`} className={styles.hint}>
            {hint}
          </p>
        )
      )}
    </div>
  );
}

const told = (id: string, { hint, problem }: FieldFrame) => ({
  ...(hint === undefined && problem === undefined ? {} : { 'aria-describedby': `${id}-told` }),
  ...(problem === undefined ? {} : { 'aria-invalid': true }),
});

export function TextField({
  label,
  hint,
  problem,
  ...rest
}: FieldFrame & Omit<ComponentProps<'input'>, 'id' | 'className'>) {
  const id = useId();
  return (
    <Frame {...{ id, label, hint, problem }}>
      <input {...rest} id={id} className={styles.input} {...told(id, { label, hint, problem })} />
    </Frame>
  );
}

export interface Choice<Value extends string> {
  readonly value: Value;
  readonly label: string;
}

interface SelectProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly choices: readonly Choice<Value>[];
  readonly onChange: (value: Value) => void;
  readonly disabled?: boolean;
  /** The label before the value, in one line, as in toolbars. */
  readonly inline?: boolean;
  /** Without a visible label, where the choices say what they are about. */
  readonly bare?: boolean;
}

export function Select<Value extends string>({
  label,
  value,
  choices,
  onChange,
  disabled,
  inline = false,
  bare = false,
}: SelectProps<Value>) {
  const id = useId();
  return (
    <div className={inline || bare ? styles.inline : styles.field}>
      <label htmlFor={id} className={bare ? 'visually-hidden' : undefined}>
        {label}
      </label>
      <select
        id={id}
        className={styles.input}
        value={value}
        disabled={disabled}
        onChange={(event) => {
          const chosen = choices.find((choice) => choice.value === event.target.value);
          if (chosen !== undefined) onChange(chosen.value);
        }}
      >
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
    </div>
  );
}

export function Checkbox({
  label,
  bare = false,
  ...rest
}: {
  readonly label: string;
  /** The label is only read aloud. */
  readonly bare?: boolean;
} & Omit<ComponentProps<'input'>, 'type' | 'className'>) {
  if (bare) return <input {...rest} type="checkbox" className={styles.bareCheckbox} aria-label={label} />;
  return (
    <label className={styles.checkbox}>
      <input {...rest} type="checkbox" />
      <span>{label}</span>
    </label>
  );
}

/** One of few, all in sight. */
export function Segments<Value extends string>(props: {
  readonly label: string;
  readonly value: Value;
  readonly choices: readonly Choice<Value>[];
  readonly onChange: (value: Value) => void;
}) {
  const { label, value, choices, onChange } = props;
  const name = useId();
  return (
    <fieldset className={styles.segments}>
      <legend className="visually-hidden">{label}</legend>
      {choices.map((choice) => (
        <label key={choice.value}>
          <input
            type="radio"
            name={name}
            checked={choice.value === value}
            onChange={() => onChange(choice.value)}
          />
          <span>{choice.label}</span>
        </label>
      ))}
    </fieldset>
  );
}
