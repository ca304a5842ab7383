/** Builds the web console into `packages/console/dist`, unless it is built from the same sources already. */
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'packages/console');
const stamp = join(folder, 'dist/.sources');

/** Whatever decides what comes out: sources, and the versions of what they import. */
function sourcesDigest(): string {
  const hash = createHash('sha256');
  const patterns = ['src/**/*.{ts,tsx,css}', 'public/*', '*.{html,json,ts}'];
  const files = patterns.flatMap((pattern) => globSync(pattern, { cwd: folder }));
  const lock = join(root, 'package-lock.json');
  for (const file of [...files.sort().map((name) => join(folder, name)), lock]) {
    if (!file.endsWith('.test.ts'))
      hash.update(file.slice(root.length)).update('\0').update(readFileSync(file));
  }
  return hash.digest('hex');
}

const digest = sourcesDigest();
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== digest) {
  console.error('building the console');
  await build({ root: folder, logLevel: 'warn', configFile: join(folder, 'vite.config.ts') });
  writeFileSync(stamp, digest);
}
