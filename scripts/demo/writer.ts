/** A client that writes all the time: overwrites its keys, appends numbered entries, deletes old ones. */
import { type Random, sleep, systemClock } from '@orchestrator/runtime';
import { ZooKeeperError } from '@orchestrator/zookeeper';
import type { Ledger } from './ledger.ts';
import type { Home, MovableClient } from './movable-client.ts';

export interface WriterOptions {
  readonly client: MovableClient;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly writesPerS: number;
  readonly signal: AbortSignal;
}

export interface Writer {
  readonly name: string;
  readonly home: Home;
  /** Finishes the write under way, changes ensembles, and goes on there once it sees its own last write. */
  move(to: Home): Promise<{ ownWritesVisibleMs: number }>;
  /** Settles when the signal has aborted and the last write is answered. */
  readonly done: Promise<void>;
}

const keysPerWriter = 20;
const maxLiveEntries = 30;
const maxAttempts = 8;
const visibleWithinMs = 20_000;

interface Own {
  readonly root: string;
  /** Version of each key as acknowledged; -1 before it is created. */
  readonly versions: number[];
  readonly entries: string[];
  serial: number;
}

const isCode = (error: unknown, code: string) => error instanceof ZooKeeperError && error.code === code;

async function ensure(client: MovableClient, path: string): Promise<void> {
  await client.zookeeper.create(path).catch((error: unknown) => {
    if (!isCode(error, 'NodeExists')) throw error;
  });
}

/** Conditional on the version, so that a write whose answer was lost can be told from one that never arrived. */
async function writeKey(own: Own, { client, ledger, random }: WriterOptions): Promise<void> {
  const index = random.below(keysPerWriter);
  const path = `${own.root}/key-${index}`;
  const version = own.versions[index] ?? -1;
  const value = `${client.name} ${++own.serial}`;
  try {
    if (version < 0) await client.zookeeper.create(path, value);
    else await client.zookeeper.setData(path, value, version);
  } catch (error) {
    const unsure = isCode(error, 'BadVersion') || isCode(error, 'NodeExists');
    if (!unsure || !(await landed(client, path, value))) throw error;
  }
  own.versions[index] = version + 1;
  ledger.keyWritten(path, version + 1, value);
}

async function landed(client: MovableClient, path: string, value: string): Promise<boolean> {
  const { data } = await client.zookeeper.getData(path);
  return data?.toString() === value;
}

async function appendEntry(own: Own, { client, ledger }: WriterOptions): Promise<void> {
  const value = `${client.name} ${++own.serial}`;
  const { path } = await client.zookeeper.create(`${own.root}/log/entry-`, value, {
    mode: 'persistentSequential',
  });
  own.entries.push(path);
  ledger.entryCreated(path, value);
}

async function deleteEntry(own: Own, { client, ledger }: WriterOptions): Promise<void> {
  const path = own.entries[0];
  if (path === undefined) return;
  await client.zookeeper.delete(path).catch((error: unknown) => {
    // An earlier attempt whose answer was lost.
    if (!isCode(error, 'NoNode')) throw error;
  });
  own.entries.shift();
  ledger.entryDeleted(path);
}

function pickWrite(own: Own, options: WriterOptions): () => Promise<void> {
  const dice = options.random.below(10);
  if (own.entries.length > maxLiveEntries) return () => deleteEntry(own, options);
  return dice < 7 ? () => writeKey(own, options) : () => appendEntry(own, options);
}

/** One write, tried again while the error is one that passes. */
async function writeOnce(own: Own, options: WriterOptions): Promise<void> {
  const { ledger } = options;
  const write = pickWrite(own, options);
  ledger.attempted++;
  for (let attempt = 1; ; attempt++) {
    try {
      await write();
      ledger.acknowledged++;
      return;
    } catch (error) {
      const again = error instanceof ZooKeeperError && error.retryable && attempt < maxAttempts;
      if (!again) {
        ledger.failed++;
        return;
      }
      await sleep(systemClock, 100 * attempt);
    }
  }
}

async function seesOwnWrites(own: Own, { zookeeper }: MovableClient): Promise<boolean> {
  const keys = own.versions.map(async (version, index) => {
    if (version < 0) return true;
    const { stat } = await zookeeper.exists(`${own.root}/key-${index}`);
    return stat !== null && stat.version >= version;
  });
  const last = own.entries.at(-1);
  const entry = last === undefined || (await zookeeper.exists(last)).stat !== null;
  return entry && (await Promise.all(keys)).every((seen) => seen);
}

/** Polls what was written last until the new home shows it. */
async function waitForOwnWrites(own: Own, client: MovableClient): Promise<number> {
  const startedMs = systemClock.monotonicMs();
  for (;;) {
    const seen = await seesOwnWrites(own, client);
    const elapsedMs = systemClock.monotonicMs() - startedMs;
    if (seen || elapsedMs > visibleWithinMs) return elapsedMs;
    await sleep(systemClock, 2);
  }
}

export async function startWriter(options: WriterOptions): Promise<Writer> {
  const { client, random, writesPerS, signal } = options;
  const own: Own = {
    root: `/live/${client.name}`,
    versions: Array.from({ length: keysPerWriter }, () => -1),
    entries: [],
    serial: 0,
  };
  await ensure(client, own.root);
  await ensure(client, `${own.root}/log`);
  let gate: Promise<void> = Promise.resolve();
  let busy: Promise<void> = Promise.resolve();

  const run = async () => {
    while (!signal.aborted) {
      await gate;
      busy = writeOnce(own, options);
      await busy;
      await sleep(systemClock, (1_000 / writesPerS) * (0.5 + random.fraction()));
    }
  };

  return {
    name: client.name,
    get home() {
      return client.home;
    },
    async move(to) {
      const moved = Promise.withResolvers<void>();
      gate = moved.promise;
      await busy;
      try {
        await client.move(to);
        return { ownWritesVisibleMs: await waitForOwnWrites(own, client) };
      } finally {
        moved.resolve();
      }
    },
    done: run(),
  };
}
