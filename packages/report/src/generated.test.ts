import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const folder = fileURLToPath(new URL('..', import.meta.url));
const programs = fileURLToPath(new URL('../../../node_modules/.bin', import.meta.url));
const generated = 'gen/orchestrator/monitor/v1';

const run = (program: string, ...args: string[]) =>
  execFileSync(join(programs, program), args, {
    cwd: folder,
    env: { ...process.env, PATH: `${programs}:${process.env.PATH}` },
    stdio: 'pipe',
  });

it('the generated code is what buf makes of the schema', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'report-schema-'));
  try {
    run('buf', 'lint');
    run('buf', 'generate', '--output', scratch);
    for (const name of readdirSync(join(folder, 'src', generated))) {
      const fresh = readFileSync(join(scratch, 'src', generated, name), 'utf8');
      expect(readFileSync(join(folder, 'src', generated, name), 'utf8'), name).toBe(fresh);
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
});
