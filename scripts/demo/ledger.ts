/**
 * What the clients were promised: every acknowledged write, kept here and nowhere in ZooKeeper, so that the end can be
 * checked against it. Versions count the writes to one key: a key at version 41 has seen the acknowledged 41.
 */
import type { Acl, ZooKeeperClient } from '@orchestrator/zookeeper';
import { ZooKeeperError } from '@orchestrator/zookeeper';

interface KeyRecord {
  version: number;
  value: string;
}

export interface LossReport {
  readonly checked: number;
  readonly lost: number;
  /** The first few, in words. */
  readonly examples: readonly string[];
}

const maxExamples = 10;
const readsAtOnce = 200;

export interface Ledger {
  attempted: number;
  acknowledged: number;
  /** Writes whose client was told an error and gave up. */
  failed: number;
  keyWritten(path: string, version: number, value: string): void;
  /** A node written once, whose name the server gave. @throws Error when the name was given before */
  entryCreated(path: string, value: string, acl?: readonly Acl[]): void;
  entryDeleted(path: string): void;
  /** Reads all of it back from one ensemble. */
  check(client: ZooKeeperClient): Promise<LossReport>;
}

interface Found {
  readonly value: string;
  readonly version: number;
}

async function read(client: ZooKeeperClient, path: string): Promise<Found | null> {
  try {
    const { data, stat } = await client.getData(path);
    return { value: data?.toString() ?? '', version: stat.version };
  } catch (error) {
    if (error instanceof ZooKeeperError && error.code === 'NoNode') return null;
    throw error;
  }
}

export function createLedger(): Ledger {
  const keys = new Map<string, KeyRecord>();
  const entries = new Map<string, string>();
  const deleted = new Set<string>();

  const lossOfKey = (path: string, record: KeyRecord, found: Found | null): [number, string] => {
    if (found === null)
      return [record.version + 1, `${path}: missing, was written ${record.version + 1} times`];
    const short = record.version - found.version;
    if (short > 0) return [short, `${path}: version ${found.version}, ${record.version} acknowledged`];
    if (found.value !== record.value)
      return [1, `${path}: holds ${found.value}, last written ${record.value}`];
    return [0, ''];
  };
  const lossOfEntry = (path: string, value: string, found: Found | null): [number, string] => {
    if (found === null) return [1, `${path}: missing`];
    return found.value === value ? [0, ''] : [1, `${path}: holds ${found.value}, written ${value}`];
  };
  const lossOfDelete = (path: string, found: Found | null): [number, string] =>
    found === null ? [0, ''] : [1, `${path}: is there, was deleted`];

  const ledger: Ledger = {
    attempted: 0,
    acknowledged: 0,
    failed: 0,
    keyWritten: (path, version, value) => void keys.set(path, { version, value }),
    entryCreated(path, value) {
      if (entries.has(path) || deleted.has(path)) throw new Error(`${path} was created twice`);
      entries.set(path, value);
    },
    entryDeleted(path) {
      entries.delete(path);
      deleted.add(path);
    },
    async check(client) {
      const checks: [string, (found: Found | null) => [number, string]][] = [
        ...[...keys].map(
          ([path, record]) => [path, (found: Found | null) => lossOfKey(path, record, found)] as const,
        ),
        ...[...entries].map(
          ([path, value]) => [path, (found: Found | null) => lossOfEntry(path, value, found)] as const,
        ),
        ...[...deleted].map((path) => [path, (found: Found | null) => lossOfDelete(path, found)] as const),
      ].map(([path, judge]) => [path, judge]);
      let lost = 0;
      const examples: string[] = [];
      for (let start = 0; start < checks.length; start += readsAtOnce) {
        const batch = checks.slice(start, start + readsAtOnce);
        const losses = await Promise.all(batch.map(async ([path, judge]) => judge(await read(client, path))));
        for (const [count, text] of losses) {
          lost += count;
          if (count > 0 && examples.length < maxExamples) examples.push(text);
        }
      }
      return { checked: checks.length, lost, examples };
    },
  };
  return ledger;
}
