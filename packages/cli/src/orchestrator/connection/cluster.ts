/** From a command's options to a cluster: its leading master, and the agents that it names. */
import {
  type AgentClient,
  createAgentClient,
  createMasterClient,
  type Leader,
  type MasterClient,
  type MasterDetector,
  MesosError,
  type TransportOptions,
} from '@orchestrator/mesos';
import { retry } from '@orchestrator/runtime/backoff';
import { Agent } from 'undici';
import { certificateRemedy } from '../../program/certificate-remedy.ts';
import type { CommandContext } from '../../program/context.ts';
import { CliError } from '../../program/errors.ts';
import { readClusterRecord } from '../cluster/record.ts';
import { clusterFolderOf } from '../cluster/work-folder.ts';
import type { MasterOptions } from '../options.ts';
import { type MasterAddress, parseMasterAddress } from './address.ts';
import { readCredentials, readNamed } from './credentials.ts';
import { openDetector } from './detector.ts';
import { readJsonOf } from './json-read.ts';
import { remedyOfRefusal } from './refusals.ts';

type MasterCall = Parameters<MasterClient['call']>[0];
type MasterAnswer = NonNullable<Awaited<ReturnType<MasterClient['call']>>>;

export interface Cluster extends AsyncDisposable {
  readonly detector: MasterDetector;
  /** How masters and agents are talked to. */
  readonly transport: TransportOptions;
  /** Who we are, for frameworks that we register. */
  readonly principal: string | undefined;
  /** Who leads now. @throws CliError `unavailable` when nobody does for a while */
  leader(): Promise<Leader>;
  /** A call of the operator API that has an answer. @throws MesosError, CliError */
  ask(call: MasterCall): Promise<MasterAnswer>;
  /** One that has none. */
  tell(call: MasterCall): Promise<void>;
  /** A read endpoint of the leader that answers in JSON. */
  read(path: string): Promise<unknown>;
  agent(address: { readonly host: string; readonly port: number }): AgentClient;
}

/** Masters that are being elected are waited for; a single one answers or does not. */
const electionPatienceMs = 20_000;
const connectTimeoutMs = 5_000;
const retries = { maxAttempts: 40, firstDelayMs: 100, maxDelayMs: 1_000 };

/** `--master`, else the environment, else the cluster that `cluster up` runs on this machine. */
export async function masterAddressOf(
  context: CommandContext,
  options: MasterOptions,
): Promise<MasterAddress> {
  const { env, userId } = context;
  const given = options.master ?? env.ORCHESTRATOR_MASTER;
  if (given !== undefined && given !== '') return parseMasterAddress(given);
  const record = await readClusterRecord(clusterFolderOf(undefined, env, userId));
  if (record !== undefined) return { kind: 'hosts', scheme: 'http', hosts: record.masters };
  throw new CliError('invalid', 'no master is named, and no cluster runs on this machine', {
    remedy: 'give --master=HOST:PORT, set ORCHESTRATOR_MASTER, or start one: orchestrator cluster up',
  });
}

/** @throws CliError `invalid`, `config`; `unavailable` when the address is in a ZooKeeper that does not answer */
export async function openCluster(context: CommandContext, options: MasterOptions): Promise<Cluster> {
  const { env } = context;
  const given = await masterAddressOf(context, options);
  const { principal, authorization } = await readCredentials(options, env);
  const caFile = options.caFile ?? env.ORCHESTRATOR_CA_FILE;
  const ca = caFile === undefined || caFile === '' ? undefined : await readNamed(caFile, 'CA file');
  const address: MasterAddress =
    given.kind === 'hosts' && ca !== undefined ? { ...given, scheme: 'https' } : given;
  const scheme = ca !== undefined || (given.kind === 'hosts' && given.scheme === 'https') ? 'https' : 'http';
  const dispatcher = new Agent({
    connect: { timeout: connectTimeoutMs, ...(ca === undefined ? {} : { ca }) },
  });
  const { detector, close } = await openDetector(address, dispatcher);
  const transport: TransportOptions = {
    ...{ scheme, dispatcher },
    ...(authorization === undefined ? {} : { authorization }),
  };
  const several = address.kind === 'zookeeper' || address.hosts.length > 1;
  const patient = <T>(attempt: (signal: AbortSignal) => Promise<T>) =>
    whileElecting({ attempt, context, address, several });
  const master = createMasterClient({ ...transport, detector });

  return {
    ...{ detector, transport, principal },
    leader: () => patient((signal) => detectLeader(detector, signal)),
    async ask(call) {
      const answer = await patient((signal) => master.call(call, signal));
      if (answer === undefined) throw new MesosError('the master answered nothing', { code: 'unavailable' });
      return answer;
    },
    async tell(call) {
      await patient((signal) => master.call(call, signal));
    },
    read: (path) =>
      patient(async (signal) => {
        const leader = await detectLeader(detector, signal);
        return await readJsonOf(leader, path, { scheme, authorization, dispatcher, signal });
      }),
    agent: (at) => createAgentClient({ ...transport, agent: at }),
    async [Symbol.asyncDispose]() {
      await close();
      await dispatcher.destroy();
    },
  };
}

async function detectLeader(detector: MasterDetector, signal: AbortSignal): Promise<Leader> {
  const leader = await detector.detect(undefined, signal);
  if (leader !== undefined) return leader;
  throw new MesosError('no master leads', { code: 'unavailable', retryable: true });
}

interface ElectingOptions<T> {
  readonly attempt: (signal: AbortSignal) => Promise<T>;
  readonly context: CommandContext;
  readonly address: MasterAddress;
  readonly several: boolean;
}

/** Tries again while masters elect a leader or that one recovers: both take seconds, and mend themselves. */
async function whileElecting<T>({ attempt, context, address, several }: ElectingOptions<T>): Promise<T> {
  const { clock, signal } = context;
  const deadline = new AbortController();
  const timer = clock.after(electionPatienceMs, () => deadline.abort(nobodyLeads(address)), {
    background: true,
  });
  const either = AbortSignal.any([signal, deadline.signal]);
  const isRecovering = (error: unknown) =>
    error instanceof MesosError && error.retryable && (several || error.message.includes('answered 503'));
  try {
    return await retry(() => attempt(either), {
      ...{ ...retries, clock, signal: either, shouldRetry: isRecovering },
    });
  } catch (error) {
    throw deadline.signal.aborted && !signal.aborted ? deadline.signal.reason : withRemedy(error, address);
  } finally {
    timer.cancel();
  }
}

const nameOf = (address: MasterAddress) =>
  address.kind === 'hosts' ? address.hosts.join(', ') : 'the masters in ZooKeeper';

function nobodyLeads(address: MasterAddress): CliError {
  return new CliError('unavailable', `${nameOf(address)}: no master leads`, {
    remedy: 'are the masters running, and can they reach their ZooKeeper? /health of each tells',
  });
}

/** What a master or the way to it said, with what can be done. */
function withRemedy(error: unknown, address: MasterAddress): unknown {
  if (!(error instanceof MesosError) || error.remedy !== undefined) return error;
  const { message, code } = error;
  const ofCertificate = certificateRemedy(error, '--ca-file or ORCHESTRATOR_CA_FILE');
  if (ofCertificate !== undefined)
    return new CliError('unavailable', message, { cause: error, remedy: ofCertificate });
  if (code === 'unauthenticated')
    return new CliError(code, message, {
      cause: error,
      remedy: 'say who asks with --principal and --secret-file, or with --token-file',
    });
  const ofRefusal = remedyOfRefusal(message);
  if (ofRefusal !== undefined) return new CliError(code, message, { cause: error, remedy: ofRefusal });
  if (code !== 'unavailable') return error;
  return new CliError(code, message, {
    cause: error,
    remedy: `is a master running at ${nameOf(address)}? name another with --master or ORCHESTRATOR_MASTER`,
  });
}
