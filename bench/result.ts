/** What every suite yields: figures under fixed names, so that they can be followed over time. */
export interface SuiteResult {
  readonly metrics: Readonly<Record<string, number>>;
  /** Ours over a peer or a limit, measured in the same run; the machine's own speed cancels out. */
  readonly ratios: Readonly<Record<string, number>>;
  /** Lines for people: how it was measured, what to read into it. */
  readonly notes?: readonly string[];
}

export interface SuiteOptions {
  /** A shorter run with the same shape, for a look rather than a figure. */
  readonly quick: boolean;
  /** Progress for people; goes to stderr. */
  readonly say: (line: string) => void;
}

export interface Suite {
  readonly name: string;
  readonly about: string;
  readonly run: (options: SuiteOptions) => Promise<SuiteResult>;
}

function tidy(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 1 ? 2 : 4;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

export function renderTable(suite: string, result: SuiteResult): string {
  const rows: [string, string, string][] = [
    ...Object.entries(result.metrics).map(([name, value]): [string, string, string] => [
      'metric',
      name,
      tidy(value),
    ]),
    ...Object.entries(result.ratios).map(([name, value]): [string, string, string] => [
      'ratio',
      name,
      tidy(value),
    ]),
  ];
  const widest = Math.max(...rows.map(([, name]) => name.length), 4);
  const lines = rows.map(
    ([kind, name, value]) => `  ${kind.padEnd(7)} ${name.padEnd(widest)} ${value.padStart(14)}`,
  );
  return [suite, ...lines, ...(result.notes ?? []).map((note) => `  ${note}`)].join('\n');
}
