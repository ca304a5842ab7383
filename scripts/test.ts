/** `npm test`: the checks, then every test; ends with one plain line that counts them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resultFileVariable } from './test-reporter.ts';
import { counts, described, failedFiles, merged, type TestResult } from './test-result.ts';

/** With failures in more files than this, something is wrong that no second run mends. */
const mostFilesRunOnceMore = 8;

const node = process.execPath;

function runTests(args: string[]): TestResult {
  const folder = mkdtempSync(join(tmpdir(), 'orchestrator-test-'));
  const resultFile = join(folder, 'result.json');
  const reporters = ['--reporter=default', '--reporter=./scripts/test-reporter.ts'];
  const { status, signal } = spawnSync(
    node,
    ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...args],
    {
      stdio: 'inherit',
      env: { ...process.env, [resultFileVariable]: resultFile },
    },
  );
  let result: TestResult = { outcomes: [], errors: [] };
  try {
    result = JSON.parse(readFileSync(resultFile, 'utf8'));
  } catch (error) {
    result.errors.push(`no test result: ${error}`);
  }
  rmSync(folder, { recursive: true, force: true });
  if (status !== 0 && counts(result).failed === 0)
    result.errors.push(`the tests ended with ${signal ?? `status ${status}`}, and none had failed`);
  return result;
}

/** What failed is tried in new processes, and with nothing beside it: chance, and a loaded machine, are not held against it. */
function runFailedOnceMore(first: TestResult): TestResult {
  const files = failedFiles(first);
  if (files.length === 0) return first;
  if (files.length > mostFilesRunOnceMore) {
    console.log(`failures in ${files.length} files, which are too many to be run once more`);
    return first;
  }
  console.log(`run once more, one after the other: ${files.join(' ')}`);
  const { late, ...result } = merged(first, runTests(['--maxWorkers=1', ...files]));
  for (const outcome of late) console.log(`passed only when run once more: ${described(outcome)}`);
  return result;
}

const checkFailed = spawnSync(node, ['scripts/check.ts'], { stdio: 'inherit' }).status !== 0;
const result = runFailedOnceMore(runTests(process.argv.slice(2)));

for (const error of result.errors) console.log(error);
if (checkFailed) console.log('npm run check failed; see above');
const { passed, failed, skipped } = counts(result);
if (skipped > 0) console.log(`${skipped} tests were skipped; none may be`);
console.log(`${passed} passed, ${failed + (checkFailed ? 1 : 0)} failed`);
process.exitCode = checkFailed || failed > 0 || skipped > 0 || passed === 0 ? 1 : 0;
