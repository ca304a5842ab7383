/** `npm test`: the checks, then every test; ends with one plain line that counts them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Counts {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
}

const filters = process.argv.slice(2);
const node = process.execPath;
const inherit = { stdio: 'inherit' as const };

const check = spawnSync(node, ['scripts/check.ts'], inherit);

const folder = mkdtempSync(join(tmpdir(), 'orchestrator-test-'));
const resultFile = join(folder, 'result.json');
const reporters = [
  ...['--reporter=default', '--reporter=./scripts/name-flaky.ts'],
  ...['--reporter=json', `--outputFile.json=${resultFile}`],
];
const tests = spawnSync(node, ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...filters], inherit);

let counts: Counts = { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0 };
try {
  counts = JSON.parse(readFileSync(resultFile, 'utf8'));
} catch (error) {
  console.log(`no test result: ${error}`);
}
rmSync(folder, { recursive: true, force: true });

const checkFailed = check.status !== 0;
if (checkFailed) console.log('npm run check failed; see above');
if (counts.numPendingTests > 0) console.log(`${counts.numPendingTests} tests were skipped; none may be`);
console.log(`${counts.numPassedTests} passed, ${counts.numFailedTests + (checkFailed ? 1 : 0)} failed`);
process.exitCode =
  checkFailed || tests.status !== 0 || counts.numPendingTests > 0 || counts.numPassedTests === 0 ? 1 : 0;
