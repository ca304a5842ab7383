import { join } from 'node:path';
import { silentLogger, systemClock } from '@orchestrator/runtime';
import { openStore, type Store } from '@orchestrator/store';
import type { SyncEngine, SyncOptions, SyncStatus } from '@orchestrator/sync';
import { removeFolder, temporaryFolder, waitFor } from '@orchestrator/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SyncSupervisor } from './sync-supervisor.ts';

let folder: string;
let store: Store;
/** What happened to the engines, in order. */
let events: string[];
let supervisor: SyncSupervisor;

/** Leads once the store grants it a lease, as the real one does. */
function fakeEngine({ store: given }: SyncOptions): SyncEngine {
  const name = `engine ${events.filter((event) => event.endsWith('starts')).length + 1}`;
  let state: SyncStatus['state'] = 'stopped';
  return {
    start: async () => {
      events.push(`${name} starts`);
      state = 'standby';
      void given.lease({ ttlMs: 10_000 }).then(
        () => {
          events.push(`${name} leads`);
          state = 'syncing';
        },
        () => events.push(`${name} never led`),
      );
    },
    stop: async () => void events.push(`${name} stops`),
    pause: async () => void events.push(`${name} pauses`),
    resume: async () => void events.push(`${name} resumes`),
    status: () => ({ state }) as SyncStatus,
  } as SyncEngine;
}

beforeEach(async () => {
  folder = await temporaryFolder('supervisor');
  store = await openStore(`sqlite:${join(folder, 'store.sqlite')}`);
  events = [];
  const unused = () => Promise.reject(new Error('not for this test'));
  supervisor = new SyncSupervisor({
    engines: { create: fakeEngine, seed: unused },
    store,
    engineOptions: async (gated) => ({ store: gated }) as SyncOptions,
    seedOptions: unused,
    ownSessions: unused,
    clock: systemClock,
    logger: silentLogger,
  });
});

afterEach(async () => {
  await supervisor.close();
  await store.close();
  await removeFolder(folder);
});

const happens = (event: string) => waitFor(() => events.includes(event), { what: event, intervalMs: 5 });

test('an engine of a standby is warm, is told nothing, and leads when its coordinator does', async () => {
  await supervisor.align('paused');
  await happens('engine 1 starts');
  await supervisor.align('running');
  expect(events).toEqual(['engine 1 starts']);
  supervisor.lead();
  await supervisor.align('running');
  await supervisor.running();
  expect(events.toSorted()).toEqual(['engine 1 leads', 'engine 1 resumes', 'engine 1 starts']);
});

test('while a step starts or ends synchronisation, a standby has no sessions that could be taken for clients', async () => {
  await supervisor.align('running');
  await happens('engine 1 starts');
  await supervisor.align('own');
  await happens('engine 1 never led');
  expect(events).toEqual(['engine 1 starts', 'engine 1 stops', 'engine 1 never led']);
  await supervisor.align('running');
  await happens('engine 2 starts');
  await supervisor.align('off');
  expect(events).toContain('engine 2 stops');
});

test('a leader is left alone with its engine by the step that starts or ends it', async () => {
  supervisor.lead();
  await supervisor.align('own');
  expect(events).toEqual([]);
  await supervisor.running();
  await supervisor.align('paused');
  await supervisor.align('own');
  expect(events.filter((event) => event !== 'engine 1 leads')).toEqual([
    'engine 1 starts',
    'engine 1 resumes',
    'engine 1 pauses',
  ]);
});
