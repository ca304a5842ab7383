/** `npm run check`: format, lint, types, layering, sizes and dead code, each in seconds, all of them always run. */
import { spawn } from 'node:child_process';
import { checkLayering } from './layering.ts';

const tools: [string, string, string[]][] = [
  ['format and lint', 'biome', ['check', '--error-on-warnings', '.']],
  ['types', 'tsc', ['-p', '.']],
  ['types of the console', 'tsc', ['-p', 'packages/console']],
  ['dead code', 'knip', ['--no-progress', '--no-config-hints']],
];

function run(tool: string, args: string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(`node_modules/.bin/${tool}`, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', (error) => resolve(String(error)));
    child.on('close', (status) => resolve(status === 0 ? undefined : output));
  });
}

const results = await Promise.all([
  ...tools.map(async ([name, tool, args]) => ({ name, problem: await run(tool, args) })),
  checkLayering('.').then((problems) => ({
    name: 'layering and sizes',
    problem: problems.join('\n') || undefined,
  })),
]);

for (const { name, problem } of results) {
  console.log(`${problem === undefined ? 'ok    ' : 'FAILED'} ${name}`);
  if (problem !== undefined) console.log(problem);
}
process.exitCode = results.some((result) => result.problem !== undefined) ? 1 : 0;
