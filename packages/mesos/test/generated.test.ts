import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const home = join(import.meta.dirname, '..');
const bin = join(home, '../../node_modules/.bin');

async function filesBelow(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return new Map(files.map((file, index) => [file.slice(folder.length), texts[index] ?? '']));
}

test('the generated code is what the schema says (npm run generate -w packages/mesos)', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-generated-'));
  try {
    await promisify(execFile)(join(bin, 'buf'), ['generate', '--output', folder], {
      cwd: home,
      env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
    });
    const fresh = await filesBelow(join(folder, 'src/generated'));
    const kept = await filesBelow(join(home, 'src/generated'));
    expect([...kept.keys()].sort()).toEqual([...fresh.keys()].sort());
    for (const [path, text] of fresh) expect(kept.get(path), path).toBe(text);
  } finally {
    await rm(folder, { recursive: true });
  }
});
