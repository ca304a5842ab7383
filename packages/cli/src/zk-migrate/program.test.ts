import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { callProgram } from '../../test/call-program.ts';
import { completeInBash } from '../../test/complete-in-bash.ts';
import { createProgram } from './program.ts';

const folder = mkdtempSync(join(tmpdir(), 'orchestrator-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const call = (...args: readonly string[]) =>
  callProgram(createProgram, args, { ZK_MIGRATE_WORK_DIR: join(folder, 'work') });

test('without arguments the help is shown, and that is a mistake', async () => {
  const { exitCode, out } = await call();
  expect(exitCode).toBe(2);
  expect(out).toContain('zk-migrate start --config=migration.yaml');
});

test('help and version are results', async () => {
  expect(await call('--version')).toMatchObject({ exitCode: 0, out: '0.1.0' });
  const advance = await call('advance', '--help');
  expect(advance.exitCode).toBe(0);
  expect(advance.out).toContain('--phase=6 --confirm');
  expect((await call('help', 'conflicts')).out).toContain('resolve');
});

describe('wrong arguments', () => {
  test.each([
    [['advance', '--phase=six'], "argument 'six' is invalid"],
    [['rollback'], "required option '--to-phase <number>' not specified"],
    [['conflicts', 'resolve', 'x', '--winner=me'], 'Allowed choices are source, target'],
    [['validate', '--phase=now'], "argument 'now' is invalid"],
    [['start'], 'neither ensemble is named'],
    [['status', '--server=nowhere', '--token-file=x'], '--server: nowhere is not a URL'],
    [['status', '--server=http://127.0.0.1:1'], 'no token'],
    [['archive', 'verify', '--archive=x'], '0 keys are given'],
    [['serve', '--listen=here'], '--listen: here is not host:port'],
    [['frobnicate'], "unknown command 'frobnicate'"],
  ])('%j', async (args, message) => {
    const { exitCode, out, said } = await call(...args);
    expect(said).toContain(message);
    expect(out).toBe('');
    expect(exitCode).toBe(2);
  });
});

test('an unforced rollback that would leave clients behind has to be confirmed', async () => {
  expect(await call('rollback', '--to-phase=0', '--force')).toMatchObject({
    exitCode: 6,
    said: expect.stringContaining('add --confirm'),
  });
});

test('errors are JSON for scripts', async () => {
  const { exitCode, said } = await call('status', '--json');
  expect(exitCode).toBe(5);
  expect(JSON.parse(said)).toMatchObject({ error: { code: 'unavailable', remedy: expect.any(String) } });
});

describe('completion', () => {
  /** What bash would offer after these words. */
  async function offered(...words: readonly string[]): Promise<string[]> {
    const script = join(folder, 'completion.bash');
    writeFileSync(script, (await call('completion', 'bash')).out);
    return completeInBash(script, '_zk_migrate', ['zk-migrate', ...words]);
  }

  test('bash completes commands, their own options, and what follows a value', async () => {
    expect(await offered('ro')).toEqual(['rollback']);
    expect(await offered('conflicts', 're')).toEqual(['resolve']);
    expect(await offered('rollback', '--to-')).toEqual(['--to-phase']);
    expect(await offered('advance', '--migration-id', 'abc', '--conf')).toEqual(['--confirm']);
  });

  test.each(['zsh', 'fish'])('%s gets a script that names every command', async (shell) => {
    const { out } = await call('completion', shell);
    for (const name of ['start', 'status', 'advance', 'rollback', 'validate', 'audit'])
      expect(out).toContain(name);
  });
});
