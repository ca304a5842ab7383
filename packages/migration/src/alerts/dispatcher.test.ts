import { SimulatedClock } from '@orchestrator/testing';
import { beforeEach, expect, test } from 'vitest';
import { MigrationError } from '../errors.ts';
import type { AlertChannel } from './channels.ts';
import { createAlertDispatcher } from './dispatcher.ts';
import type { Notice } from './notice.ts';

let clock: SimulatedClock;
let told: string[];

beforeEach(() => {
  clock = new SimulatedClock(0);
  told = [];
});

function notice(message: string): Notice {
  const kind = 'sync-lag';
  const alert = { kind, key: kind, severity: 'warning', state: 'raised', message, remedy: null } as const;
  return { id: 'a1', name: 'm', timeMs: 0, alert };
}

const channel = (name: AlertChannel['name'], send: AlertChannel['send']): AlertChannel => ({
  name,
  send,
  check: async () => undefined,
});

const dispatcherOf = (...channels: AlertChannel[]) =>
  createAlertDispatcher({
    channels,
    clock,
    onSent: (name, { alert }) => told.push(`${name} sent ${alert.message}`),
    onLost: (name, { alert }, reason) => told.push(`${name} lost ${alert.message}: ${reason}`),
  });

/** Lets what is pending go on, and time with it. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed <= ms; passed += 500) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(500);
  }
  await new Promise((resolve) => setImmediate(resolve));
}

test('a channel that is down does not hold up another, and is tried again', async () => {
  let isDown = true;
  const dispatcher = dispatcherOf(
    channel('webhook', async () => {
      if (isDown) throw new MigrationError('unavailable', 'alerts.example.com answered 503');
    }),
    channel('command', async () => undefined),
  );
  dispatcher.tell(notice('one'));
  dispatcher.tell(notice('two'));
  await pass(0);
  expect(told).toEqual(['command sent one', 'command sent two']);
  isDown = false;
  await pass(1_000);
  expect(told.slice(2)).toEqual(['webhook sent one', 'webhook sent two']);
});

test('what another try cannot change is given up at once, the rest after the last try', async () => {
  const refused = new MigrationError('precondition', 'alerts.example.com answered 403');
  const down = new MigrationError('unavailable', 'alerts.example.com answered 503');
  const dispatcher = dispatcherOf(
    channel('slack_webhook', () => Promise.reject(refused)),
    channel('webhook', () => Promise.reject(down)),
  );
  dispatcher.tell(notice('one'));
  await pass(0);
  expect(told).toEqual(['slack_webhook lost one: alerts.example.com answered 403']);
  await pass(120_000);
  expect(told.slice(1)).toEqual(['webhook lost one: alerts.example.com answered 503']);
});

test('one that never answers is late, and pushed-out alerts are named', async () => {
  const dispatcher = dispatcherOf(
    channel(
      'webhook',
      (_, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    ),
  );
  for (let i = 0; i <= 102; i++) dispatcher.tell(notice(String(i)));
  expect(told).toEqual([
    'webhook lost 1: more than 100 were waiting',
    'webhook lost 2: more than 100 were waiting',
  ]);
  await pass(200_000);
  expect(told[2]).toBe('webhook lost 0: no answer in 15 s');
  const closed = dispatcher.close();
  await pass(3_000);
  await closed;
  expect(told).toHaveLength(103);
  expect(told.at(-1)).toBe('webhook lost 102: the coordinator stopped');
});
