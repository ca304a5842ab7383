/** A reporter for Vitest: names the tests that passed only when they were run once more. Each has a fault to be found. */
import type { Reporter, TestCase } from 'vitest/node';

/** Of what went wrong the first time. */
const mostCharacters = 2_000;

// biome-ignore lint/style/noDefaultExport: Vitest takes the default export of the file.
export default class NameFlaky implements Reporter {
  readonly #flaky: string[] = [];

  onTestCaseResult(test: TestCase): void {
    if (test.diagnostic()?.flaky !== true) return;
    const [first] = test.result().errors ?? [];
    const why = first === undefined ? '' : `\n  ${first.message.slice(0, mostCharacters)}`;
    this.#flaky.push(`${test.module.relativeModuleId}: ${test.fullName}${why}`);
  }

  onTestRunEnd(): void {
    for (const name of this.#flaky) console.log(`passed only when run once more: ${name}`);
  }
}
