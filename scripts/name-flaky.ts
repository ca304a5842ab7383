/** A reporter for Vitest: names the tests that passed only when they were run once more. Each has a fault to be found. */
import type { Reporter, TestCase } from 'vitest/node';

// biome-ignore lint/style/noDefaultExport: Vitest takes the default export of the file.
export default class NameFlaky implements Reporter {
  readonly #flaky: string[] = [];

  onTestCaseResult(test: TestCase): void {
    if (test.diagnostic()?.flaky === true)
      this.#flaky.push(`${test.module.relativeModuleId}: ${test.fullName}`);
  }

  onTestRunEnd(): void {
    for (const name of this.#flaky) console.log(`passed only when run once more: ${name}`);
  }
}
