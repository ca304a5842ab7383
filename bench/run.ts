/** `npm run bench -- SUITE [--quick] [--json]`: runs one suite, or all of them in turn. */
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { renderTable, type Suite } from './result.ts';
import { suites } from './suites/index.ts';

function usage(): string {
  const widest = Math.max(...suites.map((suite) => suite.name.length));
  return [
    'usage: npm run bench -- SUITE... [--quick] [--json]',
    '',
    ...suites.map((suite) => `  ${suite.name.padEnd(widest)}  ${suite.about}`),
    `  ${'all'.padEnd(widest)}  every suite, one after the other`,
    '',
    '--quick  a shorter run of the same shape      --json  one JSON object as the last line',
  ].join('\n');
}

const machine = {
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
};

async function runSuite(suite: Suite, options: { quick: boolean; json: boolean }): Promise<void> {
  process.stderr.write(`${suite.name}: ${suite.about}${options.quick ? ' (quick)' : ''}\n`);
  const say = (line: string) => process.stderr.write(`  ${line}\n`);
  const result = await suite.run({ quick: options.quick, say });
  console.log(renderTable(suite.name, result));
  if (options.json) {
    console.log(
      JSON.stringify({ suite: suite.name, machine, metrics: result.metrics, ratios: result.ratios }),
    );
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true || positionals.length === 0) {
    console.log(usage());
    return values.help === true ? 0 : 2;
  }
  const wanted = positionals.includes('all')
    ? suites
    : positionals.map((name) => suites.find((one) => one.name === name));
  for (const [index, suite] of wanted.entries()) {
    if (suite === undefined) {
      console.error(`bench: no suite is called ${positionals[index]}\n\n${usage()}`);
      return 2;
    }
    await runSuite(suite, { quick: values.quick === true, json: values.json === true });
  }
  return 0;
}

process.exitCode = await main();
