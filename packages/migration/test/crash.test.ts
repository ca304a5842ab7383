import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@orchestrator/runtime';
import { openStore, type Store } from '@orchestrator/store';
import { temporaryFolder } from '@orchestrator/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MigrationConfig } from '../src/config/schema.ts';
import { Journal } from '../src/journal/journal.ts';
import { definePhase, planOf } from '../src/phases/define-phase.ts';
import { initialState } from '../src/phases/machine.ts';

const child = fileURLToPath(new URL('./crash-program.ts', import.meta.url));
const step = (name: string) => ({ name, run: async () => undefined, undo: async () => undefined });
const plan = planOf(
  [
    definePhase({ number: 1, name: 'one', steps: [step('a'), step('b')] }),
    definePhase({ number: 6, name: 'six', steps: [step('c'), step('d')] }),
  ],
  { manualApproval: false, rollbackRetentionMs: 3_600_000 },
);

let folder: string;
let url: string;
let store: Store;
let journal: Journal;

beforeEach(async () => {
  folder = await temporaryFolder('crash');
  url = `sqlite:${join(folder, 'store.db')}`;
  store = await openStore(url);
  journal = new Journal({ store, clock: systemClock });
  const record = {
    id: 'm',
    name: 'm',
    createdMs: 1,
    createdBy: 'test',
    config: {} as MigrationConfig,
    plan,
    state: initialState,
  };
  await journal.create(record, { actor: 'test', action: 'create', details: {} });
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Resolves to whether it was killed. */
function drive(killWhen: 'before' | 'after'): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const args = [child, url, folder, '1', killWhen];
    const running = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    running.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    running.on('error', reject);
    running.on('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve(true);
      else if (code === 0) resolve(false);
      else reject(new Error(`the child ended with ${code}: ${errors}`));
    });
  });
}

const command = (kind: 'start' | 'rollback') =>
  journal.apply('m', kind === 'start' ? { kind, nowMs: 1 } : { kind, nowMs: 1, toPhase: 0 }, {
    actor: 'test',
    action: kind,
    details: {},
  });

const files = () => readdirSync(folder).filter((name) => name.length === 1);
const calls = () => readFileSync(join(folder, 'log'), 'utf8').trim().split('\n');
/** Calls without their repetitions after a crash. */
const distinct = () => calls().filter((call, index, all) => call !== all[index - 1]);

/**
 * Each step meets both deaths: its work done and nothing written about it, then the very same again and all of it written.
 */
async function killAtEveryWrite(): Promise<number> {
  for (let kills = 1; ; kills++) {
    expect(kills).toBeLessThan(30);
    if (!(await drive('before')) || !(await drive('after'))) return kills;
  }
}

test('killed at every write of the journal, forward and back, each step takes effect and nothing is left over', async () => {
  await command('start');
  expect(await killAtEveryWrite()).toBeGreaterThan(4);
  expect(distinct()).toEqual(['run a', 'run b', 'run c', 'run d']);
  expect(calls()).toHaveLength(8);
  expect(files()).toEqual(['a', 'b', 'c', 'd']);
  expect((await journal.read('m')).record.state.status).toBe('completed');

  await command('rollback');
  await killAtEveryWrite();
  expect(distinct().slice(4)).toEqual(['undo d', 'undo c', 'undo b', 'undo a']);
  expect(files()).toEqual([]);
  expect((await journal.read('m')).record.state).toMatchObject({ status: 'rolled-back', phase: 0 });
  expect(await journal.verifyAudit('m')).toMatchObject({ intact: true, findings: [] });
});
