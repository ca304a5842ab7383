import { join } from 'node:path';
import { temporaryFolder } from '@orchestrator/testing';
import { describe } from 'vitest';
import { openSqliteStore } from '../src/index.ts';
import { type ContractSubject, storeContract } from './contract.ts';
import { lockContract } from './lock-contract.ts';

async function start(): Promise<ContractSubject> {
  const file = join(await temporaryFolder('sqlite-store'), 'store.db');
  return { open: () => openSqliteStore(file), close: async () => undefined, ttlMs: 2_000 };
}

describe('a SQLite store', () => storeContract(start));
describe('a lock on a SQLite store', () => lockContract(start));
