import {
  AgentInfoSchema,
  DrainConfigSchema,
  encodeMessage,
  maintenance,
  makeMessage,
  quota,
  registry as wire,
} from '@orchestrator/mesos';
import { openSqliteStore, type Store } from '@orchestrator/store';
import { removeFolder, temporaryFolder } from '@orchestrator/testing';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { IdentifiedAgentInfo } from './agents.ts';
import { decide, type RegistryOperation } from './operations.ts';
import { Registrar } from './registrar.ts';
import { applyChange, emptyRegistry, type Registry } from './registry.ts';
import { loadRegistry } from './storage.ts';

let folder: string;
let store: Store;

beforeEach(async () => {
  folder = await temporaryFolder('registrar');
  store = await openSqliteStore(`${folder}/state.db`);
});

afterEach(async () => {
  await store.close();
  await removeFolder(folder);
});

const info = (id: string, hostname = 'host') =>
  makeMessage(AgentInfoSchema, { id: { value: id }, hostname }) as IdentifiedAgentInfo;
const recover = (owner = 'master@127.0.0.1:5050') => Registrar.recover({ store, owner });
const config = makeMessage(DrainConfigSchema, { markGone: false });
const machine = { hostname: 'Host', ip: '10.0.0.1' };

function schedule(machines: readonly { hostname: string; ip: string }[]) {
  return makeMessage(maintenance.ScheduleSchema, {
    windows:
      machines.length === 0
        ? []
        : [{ machineIds: [...machines], unavailability: { start: { nanoseconds: 5n } } }],
  });
}

/** What can be compared: messages of different makings have different prototypes. */
function plain(registry: Registry) {
  const text = (value: unknown) =>
    JSON.stringify(value, (_key, each) =>
      typeof each === 'bigint' ? `${each}n` : each instanceof Map ? [...each].sort() : each,
    );
  return JSON.parse(text({ ...registry })) as unknown;
}

test('what was applied is there after a recovery', async () => {
  const first = await recover();
  await Promise.all([
    first.apply({ type: 'admit-agent', info: info('a') }),
    first.apply({ type: 'admit-agent', info: info('b') }),
    first.apply({ type: 'admit-agent', info: info('c') }),
  ]);
  await first.apply({ type: 'mark-unreachable', agentId: 'a', atNs: 7n });
  await first.apply({ type: 'mark-gone', agentId: 'b', atNs: 8n });
  await first.apply({ type: 'drain-agent', agentId: 'c', config });
  await first.apply({ type: 'update-weights', weights: new Map([['web', 2.5]]) });
  await first.apply({ type: 'update-schedule', schedule: schedule([machine]) });
  await first.apply({
    type: 'start-maintenance',
    machines: [{ ...schedule([machine]).windows[0]!.machineIds[0]! }],
  });

  const second = await recover();
  expect(second.term).toBe(first.term + 1);
  expect(plain(second.registry)).toEqual(plain(first.registry));
  expect([...second.registry.unreachable.keys()]).toEqual(['a']);
  expect([...second.registry.gone.keys()]).toEqual(['b']);
  expect(second.registry.settings.minimumCapabilities).toEqual(['AGENT_DRAINING']);
});

test('a leader that was followed by another cannot write any more', async () => {
  const old = await recover('old');
  await old.apply({ type: 'admit-agent', info: info('a') });
  const next = await recover('next');
  await expect(old.apply({ type: 'admit-agent', info: info('b') })).rejects.toMatchObject({
    code: 'lease-lost',
  });
  await expect(old.apply({ type: 'admit-agent', info: info('c') })).rejects.toMatchObject({
    code: 'lease-lost',
  });
  expect(await next.apply({ type: 'admit-agent', info: info('d') })).toEqual({ changed: true });
  expect([...(await loadRegistry(store)).registry.admitted.keys()].sort()).toEqual(['a', 'd']);
});

test('refusals change nothing and do not hold up what waits behind them', async () => {
  const registrar = await recover();
  const outcomes = await Promise.all([
    registrar.apply({ type: 'admit-agent', info: info('a') }),
    registrar.apply({ type: 'admit-agent', info: info('a') }),
    registrar.apply({ type: 'mark-reachable', info: info('a') }),
    registrar.apply({ type: 'remove-agent', agentId: 'a' }),
  ]);
  expect(outcomes).toEqual([
    { changed: true },
    { refusal: 'Agent a already admitted' },
    { changed: false },
    { changed: true },
  ]);
});

test('two thousand agents are admitted in batches', async () => {
  const registrar = await recover();
  const ids = Array.from({ length: 2000 }, (_, index) => `agent-${index}`);
  await Promise.all(ids.map((id) => registrar.apply({ type: 'admit-agent', info: info(id) })));
  expect((await loadRegistry(store)).registry.admitted.size).toBe(2000);
  expect(registrar.figures.queuedOperations).toBe(0);
});

test('an entry that no store takes is refused, and the registrar goes on', async () => {
  const registrar = await recover();
  const many = Array.from({ length: 30_000 }, (_, index) => ({
    hostname: `machine-${index}.example.org`,
    ip: '10.0.0.1',
  }));
  await expect(registrar.apply({ type: 'update-schedule', schedule: schedule(many) })).rejects.toMatchObject({
    code: 'limit',
  });
  expect(await registrar.apply({ type: 'admit-agent', info: info('a') })).toEqual({ changed: true });
});

test('a registry that asks for what this version does not know is not led', async () => {
  const registrar = await recover();
  await registrar.apply({
    type: 'update-quota',
    configs: [makeMessage(quota.QuotaConfigSchema, { role: 'web', limits: { cpus: { value: 2 } } })],
  });
  expect(registrar.registry.settings.minimumCapabilities).toEqual(['QUOTA_V2']);
  const later = makeMessage(wire.RegistrySchema, { minimumCapabilities: [{ capability: 'TIME_TRAVEL' }] });
  await store.put('registry/settings/minimumCapabilities', encodeMessage(wire.RegistrySchema, later));
  await expect(recover()).rejects.toMatchObject({ code: 'precondition' });
});

test('down machines stay in every schedule until they are up', () => {
  const registry = emptyRegistry();
  const apply = (operation: RegistryOperation) => {
    const decision = decide(registry, operation);
    if ('refusal' in decision) return decision.refusal;
    for (const change of decision.changes) applyChange(registry, change);
    return decision.changes.length;
  };
  const [window] = schedule([machine]).windows;
  const machines = window!.machineIds;
  expect(apply({ type: 'start-maintenance', machines })).toBe(0);
  expect(apply({ type: 'update-schedule', schedule: schedule([machine]) })).toBe(1);
  expect(apply({ type: 'start-maintenance', machines })).toBe(1);
  expect(apply({ type: 'update-schedule', schedule: schedule([]) })).toMatch(/cannot be removed/);
  expect(apply({ type: 'stop-maintenance', machines })).toBe(1);
  expect(registry.settings.maintenance).toEqual({ schedule: undefined, down: [] });
});

const agentId = fc.constantFrom('a', 'b', 'c', 'd/e');
const operation: fc.Arbitrary<RegistryOperation> = fc.oneof(
  agentId.map((id): RegistryOperation => ({ type: 'admit-agent', info: info(id) })),
  fc
    .tuple(agentId, fc.constantFrom('h1', 'h2'))
    .map(([id, host]): RegistryOperation => ({ type: 'update-agent', info: info(id, host) })),
  agentId.map((id): RegistryOperation => ({ type: 'mark-unreachable', agentId: id, atNs: 1n })),
  agentId.map((id): RegistryOperation => ({ type: 'mark-reachable', info: info(id) })),
  agentId.map((id): RegistryOperation => ({ type: 'remove-agent', agentId: id })),
  agentId.map((id): RegistryOperation => ({ type: 'mark-gone', agentId: id, atNs: 2n })),
  agentId.map((id): RegistryOperation => ({ type: 'prune', unreachable: [id], gone: [id] })),
  agentId.map((id): RegistryOperation => ({ type: 'drain-agent', agentId: id, config })),
  agentId.map((id): RegistryOperation => ({ type: 'mark-drained', agentId: id })),
  agentId.map((id): RegistryOperation => ({ type: 'deactivate-agent', agentId: id })),
  agentId.map((id): RegistryOperation => ({ type: 'reactivate-agent', agentId: id })),
);

test('whatever is asked: an agent is in one list at most, what is stored is what is remembered, and draining demands its capability', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
      const registrar = await recover();
      for (const id of ['a', 'b', 'c', 'd/e']) {
        await registrar.apply({ type: 'mark-gone', agentId: id, atNs: 1n });
        await registrar.apply({ type: 'prune', unreachable: [id], gone: [id] });
      }
      await Promise.all(operations.map((each) => registrar.apply(each)));
      const { admitted, unreachable, gone } = registrar.registry;
      const ids = [...admitted.keys(), ...unreachable.keys(), ...gone.keys()];
      expect(new Set(ids).size).toBe(ids.length);
      const deactivated = [...admitted.values(), ...unreachable.values()].some((each) => each.deactivated);
      if (deactivated) {
        expect(registrar.registry.settings.minimumCapabilities).toContain('AGENT_DRAINING');
      }
      const stored = await loadRegistry(store);
      expect([...stored.registry.admitted.keys()].sort()).toEqual([...admitted.keys()].sort());
      for (const [id, agent] of admitted) {
        expect(stored.registry.admitted.get(id)?.deactivated).toBe(agent.deactivated);
        expect(stored.registry.admitted.get(id)?.info.hostname).toBe(agent.info.hostname);
      }
    }),
    { numRuns: 40 },
  );
});
