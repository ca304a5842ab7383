/** Two real ensembles, an engine between them, clients that write and hold on both sides. */
import { join } from 'node:path';
import {
  type Ensemble,
  type EnsembleOptions,
  type Network,
  type NetworkHost,
  removeFolder,
  startEnsemble,
  temporaryFolder,
} from '@orchestrator/testing';
import { connect, type ZooKeeperClient } from '@orchestrator/zookeeper';
import { startWorkload, type Workload } from '../../packages/sync/test/workload.ts';
import { type EngineProcess, startEngineProcess } from './engine.ts';
import type { EngineOptions } from './engine-calls.ts';
import { type Holder, holdEphemeral } from './holder.ts';

export interface StageOptions {
  readonly source?: EnsembleOptions;
  readonly target?: EnsembleOptions;
  /** With hosts `a` and `b` for the servers. Clients reach them from outside, past every cut. */
  readonly network?: Network;
}

export interface Load {
  readonly workloads: readonly Workload[];
  readonly holders: readonly Holder[];
}

export interface Stage extends AsyncDisposable {
  readonly source: Ensemble;
  readonly target: Ensemble;
  readonly a: ZooKeeperClient;
  readonly b: ZooKeeperClient;
  readonly workFolder: string;
  /** Not started yet; killed with the stage. */
  engine(options?: Partial<EngineOptions>, host?: NetworkHost): Promise<EngineProcess>;
  /** Writers and an ephemeral on each side, below `/name`; with the copies there. The engine has to lead. */
  load(name: string): Promise<Load>;
  close(): Promise<void>;
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const clientTimeoutMs = 30_000;
const leaseMs = 1_500;

export function accessTo(ensemble: Ensemble): EngineOptions['source'] {
  const quorumServers = ensemble.servers.map((server) => `${server.host}:${server.quorumPort}`);
  return { connectString: ensemble.connectString, quorumServers };
}

/** Where clients outside of the network find the ensemble. */
async function doorOf(ensemble: Ensemble, network: Network | undefined, host: string): Promise<string> {
  const [server] = ensemble.servers;
  if (network === undefined || server === undefined) return ensemble.connectString;
  const exposed = await network.expose(host, server.clientPort);
  return `${exposed.host}:${exposed.port}`;
}

export async function openStage(options: StageOptions = {}): Promise<Stage> {
  const { network } = options;
  const hosts = (name: string) => (network === undefined ? {} : { hosts: [network.host(name)] });
  const [source, target] = await Promise.all([
    startEnsemble({ ...options.source, ...hosts('a') }),
    startEnsemble({ ...options.target, ...hosts('b') }),
  ]);
  const [doorA, doorB] = await Promise.all([doorOf(source, network, 'a'), doorOf(target, network, 'b')]);
  const [a, b] = await Promise.all(
    [doorA, doorB].map((connectString) => connect({ connectString, sessionTimeoutMs: clientTimeoutMs })),
  );
  if (a === undefined || b === undefined) throw new Error('no clients');
  const workFolder = await temporaryFolder('faults');
  const engines: EngineProcess[] = [];
  const close = async () => {
    await Promise.all(engines.map((engine) => engine.kill()));
    await Promise.all([a.close(), b.close()]);
    await Promise.all([source.close(), target.close()]);
    await removeFolder(workFolder);
  };
  return {
    source,
    target,
    a,
    b,
    workFolder,
    async engine(more = {}, host) {
      const instance = `engine-${engines.length + 1}`;
      const engine = await startEngineProcess({
        engine: {
          migrationId: 'faults',
          source: accessTo(source),
          target: accessTo(target),
          storeFile: join(workFolder, 'store.db'),
          instance,
          workFolder,
          leaseMs,
          ...more,
        },
        logFile: join(workFolder, `${instance}.log`),
        ...(host === undefined ? {} : { wrapper: host.wrapper }),
      });
      engines.push(engine);
      return engine;
    },
    async load(name) {
      const writers = { nodes: 60, recreatePercent: 10 };
      const workloads = await Promise.all([
        startWorkload({ client: a, folder: `/${name}/a`, writer: 'wa', updatesPerS: 150, ...writers }),
        startWorkload({ client: b, folder: `/${name}/b`, writer: 'wb', updatesPerS: 75, ...writers }),
      ]);
      const holders = await Promise.all([
        holdEphemeral({ near: a, far: b, connectString: doorA, path: `/${name}-held-on-a` }),
        holdEphemeral({ near: b, far: a, connectString: doorB, path: `/${name}-held-on-b` }),
      ]);
      return { workloads, holders };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
