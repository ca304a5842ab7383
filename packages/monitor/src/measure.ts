import type { Metrics } from '@orchestrator/runtime';
import type { Clock } from '@orchestrator/runtime/clock';
import type { Collector } from './collect/collector.ts';
import type { RemoteWrite } from './keep/remote-write.ts';
import type { LiveViews } from './live/live-views.ts';
import type { Renderer } from './view/renderer.ts';

/** What the monitor says of itself at `/metrics`, and of the things it sees. */
export function measureMonitor(metrics: Metrics, collector: Collector, live: LiveViews): void {
  const count = (topology: string) => collector.report().topologies.get(topology)?.nodes.size ?? 0;
  metrics.gauge({
    name: 'scope_probes',
    help: 'Probes that have reported lately',
    read: () => collector.probes().length,
  });
  metrics.gauge({
    ...{ name: 'scope_probes_connected', help: 'Probes with an open stream' },
    read: () => collector.probes().filter(({ connected }) => connected).length,
  });
  metrics.gauge({ name: 'scope_hosts', help: 'Hosts that are seen', read: () => count('host') });
  metrics.gauge({
    name: 'scope_containers',
    help: 'Containers that are seen',
    read: () => count('container'),
  });
  metrics.gauge({ name: 'scope_processes', help: 'Processes that are seen', read: () => count('process') });
  metrics.gauge({ name: 'scope_view_clients', help: 'Clients that follow a view', read: () => live.clients });
}

export function measureRemoteWrite(metrics: Metrics, write: RemoteWrite): void {
  metrics.gauge({
    ...{ name: 'scope_remote_write_samples', help: 'Samples that were taken by remote write' },
    read: () => write.written,
  });
  metrics.gauge({
    ...{ name: 'scope_remote_write_dropped', help: 'Samples that remote write did not take' },
    read: () => write.dropped,
  });
}

/** A renderer whose times are measured. */
export function measuredRenderer(renderer: Renderer, metrics: Metrics, clock: Clock): Renderer {
  const seconds = metrics.histogram({
    ...{ name: 'scope_view_render_seconds', help: 'Time to bring a view up to date', labels: ['view'] },
  });
  return {
    render(report, request) {
      const startMs = clock.monotonicMs();
      const view = renderer.render(report, request);
      seconds.observe((clock.monotonicMs() - startMs) / 1_000, { view: request.view.id });
      return view;
    },
  };
}
