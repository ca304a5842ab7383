import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openStore, type Store } from '@orchestrator/store';
import { type EtcdCluster, startEtcd, temporaryFolder, waitFor } from '@orchestrator/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createMigrationService,
  definePhase,
  type MigrationContext,
  type MigrationService,
  parseMigrationRequest,
} from '../src/index.ts';

let folder: string;
let etcd: EtcdCluster;
const stores: Store[] = [];
const services: MigrationService[] = [];
/** Which coordinator performed which step, in order. */
let performed: string[];
let release: PromiseWithResolvers<void>;

beforeEach(async () => {
  folder = await temporaryFolder('take-over');
  etcd = await startEtcd();
  performed = [];
  release = Promise.withResolvers();
});

afterEach(async () => {
  for (const service of services.splice(0)) await service.stop();
  for (const store of stores.splice(0)) await store.close();
  await etcd.close();
  rmSync(folder, { recursive: true, force: true });
});

async function coordinator(instance: string): Promise<MigrationService> {
  const store = await openStore(etcd.storeUrl);
  stores.push(store);
  const step = (name: string, waits: boolean) => ({
    name,
    run: async (ctx: MigrationContext) => {
      performed.push(`${instance} ${name}`);
      if (!waits) return;
      ctx.signal.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason), { once: true });
        release.promise.then(resolve);
      });
    },
    undo: async () => undefined,
  });
  const service = createMigrationService({
    store,
    workFolder: join(folder, instance),
    instance,
    leaseMs: 10_000,
    phases: {
      phases: [
        definePhase<MigrationContext>({ number: 1, name: 'one', steps: [step('a', false), step('b', true)] }),
      ],
      origin: [],
    },
  });
  services.push(service);
  await service.start();
  return service;
}

test('on etcd one coordinator works and the other stands by; it goes on where the first one stopped', async () => {
  const one = await coordinator('one');
  const config = parseMigrationRequest({
    source_zk: '127.0.0.1:1',
    target_zk: '127.0.0.1:2',
    config: { name: 'm' },
  });
  const { id } = await one.create(config, 'tester');
  await waitFor(async () => ((await one.health(id)).leader === 'one' ? true : undefined), {
    what: 'one to lead',
  });
  const two = await coordinator('two');
  const seen: string[] = [];
  two.subscribe((event) => {
    if (event.kind === 'record') seen.push(event.record.state.current?.step ?? event.record.state.status);
  });
  // Given to the one that stands by, done by the one that leads.
  await two.command(id, { kind: 'start' }, 'tester');
  await waitFor(() => performed.includes('one b') || undefined, { what: 'the second step', intervalMs: 10 });
  // Asked of the one that stands by, answered by the one that leads: also that it cannot be.
  expect(await two.validate(id, 'current')).toEqual([]);
  await expect(two.validate(id, 5)).rejects.toMatchObject({
    code: 'not-found',
    remedy: 'the phases are 0, 1',
  });
  await expect(two.verify(id, 'tester')).rejects.toMatchObject({ code: 'precondition' });
  await one.stop();
  await waitFor(() => performed.includes('two b') || undefined, { what: 'the take-over', intervalMs: 10 });
  release.resolve();
  await waitFor(async () => ((await two.get(id)).state.status === 'completed' ? true : undefined), {
    what: 'the end',
  });
  expect(performed).toEqual(['one a', 'one b', 'two b']);
  await waitFor(() => seen.includes('completed') || undefined, { what: 'the events', intervalMs: 10 });
  expect(await two.verifyAudit(id)).toMatchObject({ intact: true });
  const { entries } = await two.audit(id);
  const terms = entries
    .filter((entry) => entry.action === 'step done')
    .map((entry) => [entry.actor, entry.details.term]);
  expect(terms).toEqual([
    ['coordinator:one', 1],
    ['coordinator:two', 2],
  ]);
});

test('an entry of the audit log that is changed in the store is found', async () => {
  const one = await coordinator('one');
  const config = parseMigrationRequest({
    source_zk: '127.0.0.1:1',
    target_zk: '127.0.0.1:2',
    config: { name: 'm' },
  });
  const { id } = await one.create(config, 'tester');
  await one.command(id, { kind: 'start' }, 'mallory');
  const key = `migrations/${id}/audit/${'2'.padStart(12, '0')}`;
  const entry = await stores[0]!.get(key);
  await stores[0]!.put(key, entry!.value.toString().replace('mallory', 'someone'));
  expect((await one.verifyAudit(id)).findings).toEqual(['entry 2 (start) was changed after it was written']);
});
