/** Who leads, however the masters were addressed. */
import {
  createFixedDetector,
  createHostListDetector,
  type Leader,
  type MasterDetector,
  readTlsTransport,
} from '@orchestrator/mesos';
import { sleep, systemClock } from '@orchestrator/runtime/clock';
import type { Dispatcher } from 'undici';
import { CliError } from '../../program/errors.ts';
import { type MasterAddress, parseMasterAddress } from './address.ts';

export interface OpenDetector {
  readonly detector: MasterDetector;
  /** All masters that stand for election, the leading one first; of those that find each other in ZooKeeper. */
  candidates?(): Promise<Leader[]>;
  close(): Promise<void>;
}

/** @throws MasterError `config` for an URL of ZooKeeper that is none, CliError `unavailable` when no server of it answers */
export async function openDetector(address: MasterAddress, dispatcher?: Dispatcher): Promise<OpenDetector> {
  if (address.kind === 'zookeeper') return openZooKeeperDetector(address.url);
  const { hosts, scheme } = address;
  const close = async () => undefined;
  const [only = ''] = hosts;
  if (hosts.length === 1) {
    const { hostname, port } = new URL(`${scheme}://${only}`);
    const leader = { host: hostname, port: Number(port || (scheme === 'https' ? 443 : 80)) };
    return { detector: createFixedDetector(leader), close };
  }
  const list = { masters: hosts, scheme, ...(dispatcher === undefined ? {} : { dispatcher }) };
  return { detector: createHostListDetector(list), close };
}

/**
 * For a daemon that has libprocess' settings of TLS in its environment: masters of a list are asked with it.
 *
 * @throws CliError `invalid`, MesosError `invalid` for settings that cannot be, and what `openDetector` throws
 */
export async function openDetectorOfDaemon(master: string, env: NodeJS.ProcessEnv): Promise<OpenDetector> {
  const address = parseMasterAddress(master);
  const { scheme, dispatcher } = await readTlsTransport(env);
  const { detector, close } = await openDetector(
    address.kind === 'hosts' && scheme !== undefined ? { ...address, scheme } : address,
    dispatcher,
  );
  return {
    detector,
    async close() {
      await close();
      await dispatcher?.destroy();
    },
  };
}

const readyTimeoutMs = 10_000;
const closeTimeoutMs = 1_000;

async function openZooKeeperDetector(url: string): Promise<OpenDetector> {
  // Loaded only here: most commands need neither a ZooKeeper client nor what a master is made of.
  const [{ connect }, { readZkUrl, ZooKeeperDetector }] = await Promise.all([
    import('@orchestrator/zookeeper'),
    import('@orchestrator/master'),
  ]);
  const { connectString, path, credentials } = await readZkUrl(url);
  const auth = credentials === undefined ? {} : { auth: [{ scheme: 'digest', credentials }] };
  const client = await connect({ connectString, readyTimeoutMs, ...auth }).catch((cause: Error) => {
    throw new CliError('unavailable', `no ZooKeeper answers at ${connectString}: ${cause.message}`, {
      cause,
      remedy: 'is it running there? name masters with --master=HOST:PORT, or another ZooKeeper',
    });
  });
  const detector = new ZooKeeperDetector(client, path);
  await detector.start();
  return {
    detector,
    candidates: () => detector.candidates(),
    async close() {
      await detector.close();
      // Nothing in ZooKeeper hangs on the session: one that cannot be ended there ends by its timeout.
      await Promise.race([client.close(), sleep(systemClock, closeTimeoutMs)]);
    },
  };
}
