/** Looks at both ensembles and at the engine now and then: live state, alerts, history and metrics. */
import { type Clock, type Logger, sleep } from '@orchestrator/runtime';
import type { SyncStatus } from '@orchestrator/sync';
import { type QuorumHealth, quorumHealth, type ServerReport } from '../ensemble/inspect.ts';
import type { Cluster } from '../phases/context.ts';
import { type Alert, type AlertThresholds, evaluateAlerts, quietAlerts } from './alerts.ts';
import type { LiveBoard } from './live.ts';
import { addSample, noSamples, type SampleHistory, sampleOf } from './samples.ts';

export interface MonitorOptions {
  readonly source: Cluster;
  readonly target: Cluster;
  /** Which of them has to be up at the moment; the others are not looked at. */
  expected(): { readonly source: boolean; readonly target: boolean };
  sync(): SyncStatus | null;
  readonly live: LiveBoard;
  readonly thresholds: AlertThresholds;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  onAlert(alert: Alert): Promise<void>;
  onStatus(
    status: SyncStatus | null,
    health: { source: QuorumHealth | null; target: QuorumHealth | null },
  ): void;
  /** After each look at the servers, for what is to be done now and then. */
  afterLook(): Promise<void>;
  loadSamples(): Promise<SampleHistory | undefined>;
  saveSamples(history: SampleHistory): Promise<void>;
}

/** The engine is asked more often than the servers: it costs nothing, and the plots show what happens between. */
const engineIntervalMs = 1_000;

const clientsOf = (servers: readonly ServerReport[] | null): number | null =>
  servers === null || servers.some((server) => server.connections === null && server.problem === null)
    ? null
    : servers.reduce((sum, server) => sum + (server.connections ?? 0), 0);

/** Runs until the signal aborts; an observation that fails is logged, and the next one made all the same. */
export async function monitor(options: MonitorOptions): Promise<void> {
  const { clock, logger, signal, live, intervalMs } = options;
  let history = (await options.loadSamples().catch(() => undefined)) ?? noSamples;
  let alerts = quietAlerts;
  let nextLookMs = 0;

  const look = async (status: SyncStatus | null): Promise<void> => {
    const expected = options.expected();
    const [source, target] = await Promise.all([
      expected.source ? options.source.inspect(signal) : null,
      expected.target ? options.target.inspect(signal) : null,
    ]);
    const health = {
      source: source === null ? null : quorumHealth(source),
      target: target === null ? null : quorumHealth(target),
    };
    const evaluated = evaluateAlerts(
      alerts,
      { timeMs: clock.nowMs(), sync: status, ...health },
      options.thresholds,
    );
    alerts = evaluated.state;
    const clients = { source: clientsOf(source), target: clientsOf(target) };
    live.update({ ...health, sync: status, clients, alerts: alerts.active });
    options.onStatus(status, health);
    for (const alert of evaluated.alerts) await options.onAlert(alert);
    await options.saveSamples(history);
    await options.afterLook();
  };

  while (!signal.aborted) {
    try {
      const status = options.sync();
      if (status !== null) {
        history = addSample(history, sampleOf(status, clock.nowMs()));
        live.update({ sync: status });
      }
      if (clock.monotonicMs() >= nextLookMs) {
        nextLookMs = clock.monotonicMs() + intervalMs;
        await look(status);
      }
    } catch (error) {
      if (signal.aborted) return;
      logger.warn('an observation failed', { error });
    }
    const waited = sleep(clock, Math.min(engineIntervalMs, intervalMs), signal);
    if (!(await waited.then(() => true).catch(() => false))) return;
  }
}
