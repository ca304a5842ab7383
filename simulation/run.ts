/**
 * `node simulation/run.ts [--seeds N] [--from N]` plays seeds until one fails; `--seed N --trace` shows one, step by step.
 */
import { parseArgs } from 'node:util';
import { playSeed } from './scenario.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
  },
});

function playOne(seed: number): boolean {
  const verdict = playSeed(seed, values.trace ? (line) => console.log(line()) : undefined);
  if (verdict.problems.length === 0) return true;
  console.log(`seed ${seed} failed:`);
  for (const problem of verdict.problems.slice(0, 12)) console.log(`  ${problem}`);
  console.log(`replay: node simulation/run.ts --seed ${seed} --trace`);
  process.exitCode = 1;
  return false;
}

function playMany(from: number, count: number): void {
  const startedMs = performance.now();
  let failed = 0;
  for (let seed = from; seed < from + count; seed++) {
    if (playOne(seed)) continue;
    failed++;
    if (!values['keep-going']) return;
  }
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(`${count} seeds from ${from}: ${failed} failed, ${(count / seconds).toFixed(0)} seeds/s`);
}

if (values.seed !== undefined) playOne(Number(values.seed));
else playMany(Number(values.from), Number(values.seeds));
