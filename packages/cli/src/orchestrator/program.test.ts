import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { callProgram } from '../../test/call-program.ts';
import { completeInBash } from '../../test/complete-in-bash.ts';
import { createOrchestrator } from './program.ts';

const folder = mkdtempSync(join(tmpdir(), 'orchestrator-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const call = (...args: readonly string[]) =>
  callProgram(createOrchestrator, args, { ORCHESTRATOR_WORK_DIR: join(folder, 'cluster') });

test('the help teaches, with calls that can be copied', async () => {
  expect((await call()).exitCode).toBe(2);
  const { exitCode, out } = await call('--help');
  expect(exitCode).toBe(0);
  expect(out).toContain('orchestrator cluster up --masters 3 --agents 2');
  expect((await call('exec', '--help')).out).toContain('orchestrator exec -it');
  expect((await call('help', 'maintenance')).out).toContain('schedule');
});

describe('wrong arguments', () => {
  test.each([
    [['tasks'], 'no master is named'],
    [['tasks', '--master=nowhere'], 'master "nowhere" is not host:port'],
    [['tasks', '--master=a:1,https://b:1'], 'some masters are addressed with TLS'],
    [['tasks', '--master=a:1', '--principal=ann'], 'principal ann has no secret'],
    [['tasks', '--master=a:1', '--token-file=/nowhere'], 'the token file /nowhere cannot be read'],
    [['run'], 'nothing says what to run'],
    [['run', '--command=a', '--', 'b'], 'there is a --command, and words after it'],
    [['run', '--command=a', '--env=LEVEL'], '--env LEVEL is not NAME=value'],
    [['run', '--command=a', '--resources=lots'], 'write cpus:1;mem:256'],
    [['maintenance'], 'Usage: orchestrator maintenance'],
    [['cluster'], 'Usage: orchestrator cluster'],
    [['explain'], 'nothing says what is to be explained'],
    [['quota', '--limit=cpus:1'], 'no role is named'],
    [['weights', 'web'], '"web" is not ROLE=WEIGHT'],
    [['drain', 'S1', '--undo', '--gone'], '--undo goes with none of the others'],
    [['kill', 'x', '--signal=LOUD'], "argument 'LOUD' is invalid"],
    [['cluster', 'up', '--masters=none'], "argument 'none' is invalid"],
    [['frobnicate'], "unknown command 'frobnicate'"],
  ])('%j', async (args, message) => {
    const { exitCode, out, said } = await call(...args);
    expect(said).toContain(message);
    expect(out).toBe('');
    expect(exitCode).toBe(2);
  });
});

test('errors are JSON for scripts', async () => {
  const { exitCode, said } = await call('cluster', 'status', '--json');
  expect(exitCode).toBe(4);
  expect(JSON.parse(said)).toMatchObject({
    error: { code: 'not-found', remedy: expect.stringContaining('cluster up') },
  });
  const wrong = await call('tasks', '--json', '--frobnicate');
  expect(wrong.exitCode).toBe(2);
  expect(JSON.parse(wrong.said)).toMatchObject({ error: { code: 'invalid' } });
});

test('bash completes commands and their options', async () => {
  const script = join(folder, 'completion.bash');
  writeFileSync(script, (await call('completion', 'bash')).out);
  const offered = (...words: readonly string[]) =>
    completeInBash(script, '_orchestrator', ['orchestrator', ...words]);
  expect(offered('frame')).toEqual(['frameworks']);
  expect(offered('cluster', 'do')).toEqual(['down']);
  expect(offered('run', '--docker')).toEqual(['--docker-image']);
});

test.each(['zsh', 'fish'])('%s gets a script that names every command', async (shell) => {
  const { out } = await call('completion', shell);
  for (const name of ['cluster', 'run', 'tasks', 'exec', 'drain', 'maintenance']) expect(out).toContain(name);
});
