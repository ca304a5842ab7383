import { type EtcdCluster, startEtcd } from '@orchestrator/testing';
import { describe } from 'vitest';
import { openStore } from '../src/index.ts';
import { type ContractSubject, storeContract } from './contract.ts';
import { lockContract } from './lock-contract.ts';

let started: Promise<EtcdCluster> | undefined;
let users = 0;

/** One server serves both suites, under different namespaces. */
async function start(): Promise<ContractSubject> {
  started ??= startEtcd();
  users++;
  const etcd = await started;
  const namespace = `contract-${users}`;
  return {
    open: () => openStore(`${etcd.storeUrl}/${namespace}`),
    async close() {
      if (--users === 0) {
        started = undefined;
        await etcd.close();
      }
    },
    ttlMs: 2000,
  };
}

describe('an etcd store', () => storeContract(start));
describe('a lock on an etcd store', () => lockContract(start));
