import { OrchestratorError } from '../errors.ts';

/** One thing that is wrong with a configuration, told so that it can be put right without looking elsewhere. */
export interface ConfigProblem {
  /** `zk-migrate.yaml`, `environment variable X` or `flag --x`. */
  source: string;
  /** In a file, from 1. */
  line?: number;
  /** `sync.hosts[2].port`; empty for the whole file. */
  key: string;
  /** The offending value as JSON, shortened, masked when secret; absent when nothing was given. */
  value?: string;
  /** What is wrong or what was expected. */
  expected: string;
  remedy: string;
}

/** Thrown with every problem at once, in the order of their lines. */
export class ConfigError extends OrchestratorError {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], cause?: unknown) {
    const lines = problems.map(formatProblem);
    super(lines.length === 1 ? (lines[0] ?? '') : `${lines.length} problems\n  ${lines.join('\n  ')}`, {
      code: 'config',
      ...(cause === undefined ? {} : { cause }),
    });
    this.problems = problems;
  }
}

/** `file.yaml:3: sync.mode: "fast" is not valid: expected observer | watch | scan; set it to …` */
function formatProblem(problem: ConfigProblem): string {
  const where = problem.line === undefined ? problem.source : `${problem.source}:${problem.line}`;
  const what = [
    where,
    ...(problem.key === '' ? [] : [problem.key]),
    problem.value === undefined ? problem.expected : `${problem.value}: ${problem.expected}`,
  ];
  return `${what.join(': ')}; ${problem.remedy}`;
}
