/** Waits until the servers of a plan serve, or until none of them listens: the proof of any deployer's work. */
import { type Clock, sleep } from '@orchestrator/runtime';
import type { TlsFiles } from '@orchestrator/sync';
import { formatAddress, isListening } from '../ensemble/four-letter.ts';
import { inspectEnsemble, quorumHealth } from '../ensemble/inspect.ts';
import { MigrationError } from '../errors.ts';
import type { EnsemblePlan } from './ensemble-plan.ts';

const pollMs = 200;

export interface ReachOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly tls?: TlsFiles | undefined;
  /** Added to the error: what the operator could look at. */
  readonly remedy: string;
}

export const connectStringOfPlan = (plan: EnsemblePlan): string =>
  plan.servers.map(({ host, clientPort }) => formatAddress({ host, port: clientPort })).join(',');

/** @throws MigrationError `timeout` with what each server said last */
export async function awaitServing(connectString: string, options: ReachOptions): Promise<void> {
  const { clock, signal, timeoutMs, tls, remedy } = options;
  const deadline = clock.monotonicMs() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    const health = quorumHealth(await inspectEnsemble(connectString, { tls, clock, signal }));
    if (health.healthy) return;
    if (clock.monotonicMs() > deadline) {
      throw new MigrationError('timeout', `no healthy quorum in time: ${health.explanation}`, { remedy });
    }
    await sleep(clock, pollMs, signal);
  }
}

/** @throws MigrationError `timeout` naming the servers that still listen */
export async function awaitSilence(plan: EnsemblePlan, options: ReachOptions): Promise<void> {
  const { clock, signal, timeoutMs, remedy } = options;
  const deadline = clock.monotonicMs() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    const addresses = plan.servers.map(({ host, clientPort }) => ({ host, port: clientPort }));
    const listening = await Promise.all(addresses.map((address) => isListening(address, { clock })));
    const left = addresses.filter((_, index) => listening[index]).map(formatAddress);
    if (left.length === 0) return;
    if (clock.monotonicMs() > deadline) {
      throw new MigrationError('timeout', `still accepting clients: ${left.join(', ')}`, { remedy });
    }
    await sleep(clock, pollMs, signal);
  }
}
