/** An ensemble that is somebody else's: looked at, never touched. */
import type { Clock } from '@orchestrator/runtime';
import type { TlsFiles } from '@orchestrator/sync';
import type { Deployer } from './deployer.ts';
import { awaitServing } from './reach.ts';

export interface AdoptOptions {
  readonly connectString: string;
  readonly tls?: TlsFiles | undefined;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

const nothing = async () => undefined;

export function createAdoptDeployer(options: AdoptOptions): Deployer {
  const { connectString, tls, timeoutMs, clock } = options;
  return {
    kind: 'adopt',
    describe: () => [`adopt the running ensemble ${connectString} as it is`],
    deploy: nothing,
    placeSeed: nothing,
    start: (_, { signal }) =>
      awaitServing(connectString, { clock, signal, timeoutMs, tls, remedy: 'start its servers' }),
    stop: nothing,
    status: async (plan) => plan.servers.map(({ id }) => ({ id, state: 'unknown', detail: 'adopted' })),
    destroy: nothing,
    files: () => null,
  };
}
