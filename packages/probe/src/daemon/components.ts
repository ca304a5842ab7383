import type { Component } from '@orchestrator/runtime';
import { hostFacts } from '../host/facts.ts';
import { type Probe, startProbe } from '../probe.ts';
import { appsOf } from './apps.ts';
import type { DaemonContext } from './context.ts';
import { createCpuMeter, exposition } from './exposition.ts';
import { startMetricsServer } from './metrics-server.ts';
import { sourcesOf } from './sources.ts';

const version = '0.1.0';

/** The parts of the daemon: the probe, and its metrics for others to scrape. */
export function probeComponents(context: DaemonContext): Component[] {
  const { config, environment, logger, clock } = context;
  let probe: Probe | undefined;
  let closeMetrics: (() => Promise<void>) | undefined;
  const watching: Component = {
    name: 'probe',
    async start() {
      const { id, name, procRoot, sysRoot } = config.host;
      const host = hostFacts({ hostId: id, hostName: name, procRoot, sysRoot });
      const apps = appsOf(config, environment);
      // A file that is missing is told at the start; one that goes missing later is waited for.
      for (const app of apps) app();
      const { probeId = host.hostId } = config;
      const sources = await sourcesOf(context);
      probe = startProbe({ probeId, host, sources, apps, version, logger, clock });
      logger.info('watching', { probe: probeId, sources: sources.map((source) => source.name) });
    },
    stop: () => probe?.stop(),
  };
  const metrics: Component = {
    name: 'metrics',
    async start() {
      const cpu = createCpuMeter(clock);
      const server = await startMetricsServer(config.metrics, {
        metrics: () => exposition(probe, cpu),
        health: () => JSON.stringify({ status: 'ok', apps: probe?.apps() ?? [] }),
      });
      closeMetrics = async () => {
        cpu.stop();
        await server.close();
      };
      logger.info('metrics', { url: server.url });
    },
    stop: () => closeMetrics?.(),
  };
  return config.metrics.enabled ? [watching, metrics] : [watching];
}
