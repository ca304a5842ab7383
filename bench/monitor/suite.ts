/** What the monitor takes with ten thousand containers, and how soon every client knows of a change. */
import { setTimeout as sleep } from 'node:timers/promises';
import { removeFolder, temporaryFolder } from '@orchestrator/testing';
import { type Child, program, startChild } from '../child.ts';
import { cpuMs, rssMb } from '../probe/processes.ts';
import type { Suite, SuiteOptions, SuiteResult } from '../result.ts';
import { median, percentile } from '../statistics.ts';
import { containerId } from './fleet.ts';
import { startFollowers } from './followers.ts';

/** Weave Scope's app with 1,000 containers of 10 probes, on a machine like this one. */
const scope = { containers: 1_000, cpuPercent: 4.7, rssMb: 302, viewMs: 150 };
const probes = 10;
const clients = 5;
/** On a machine that is busy with other things fewer changes are made. */
const changesMs = 75_000;
/** Until all clients have been told everything. */
const firstMs = 60_000;

interface Place {
  readonly url: string;
  readonly probePort: number;
}

async function usageOver(child: Child, durationMs: number): Promise<{ cpuPercent: number; rssMb: number }> {
  const [before, startMs] = [cpuMs(child.pid), performance.now()];
  const samples: number[] = [];
  while (performance.now() - startMs < durationMs) {
    await sleep(1_000);
    samples.push(rssMb(child.pid));
  }
  const cpuPercent = ((cpuMs(child.pid) - before) / (performance.now() - startMs)) * 100;
  return { cpuPercent, rssMb: samples.reduce((sum, one) => sum + one, 0) / samples.length };
}

/** The whole view as JSON, from the request to the last byte, and the processor time of all that the monitor does meanwhile. */
async function wholeView(monitor: Child, url: string): Promise<{ ms: number; busyMs: number; mb: number }> {
  const [startMs, busyMs] = [performance.now(), cpuMs(monitor.pid)];
  const answer = await fetch(`${url}/api/topology/containers`, {
    headers: { 'accept-encoding': 'identity' },
  });
  const bytes = (await answer.arrayBuffer()).byteLength;
  const ms = performance.now() - startMs;
  return { ms, busyMs: cpuMs(monitor.pid) - busyMs, mb: bytes / 2 ** 20 };
}

/** Milliseconds that views took to be brought up to date, the mean since `before`. */
async function rendered(url: string): Promise<{ sumMs: number; count: number }> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const read = (name: string) =>
    Number(
      new RegExp(`^scope_view_render_seconds_${name}\\{view="containers"\\} (\\S+)`, 'm').exec(text)?.[1] ??
        0,
    );
  return { sumMs: read('sum') * 1_000, count: read('count') };
}

async function changesSeen(fleet: Child, url: string, changes: number, containers: number) {
  const followers = await startFollowers(url, clients);
  // The first comes after all that they have to be told before.
  const first = followers.told(containerId(0, containers - 1), 'paused', firstMs);
  await fleet.ask(`change 0 ${containers - 1} paused`);
  await first;
  const delays: number[] = [];
  const before = await rendered(url);
  const endMs = performance.now() + changesMs;
  for (let change = 0; change < changes && performance.now() < endMs; change++) {
    const [probe, index] = [change % probes, (change * 37) % containers];
    const state = 'paused';
    const told = followers.told(containerId(probe, index), state);
    const sentMs = Number(await fleet.ask(`change ${probe} ${index} ${state}`));
    delays.push(...(await told).map((atMs) => atMs - sentMs));
    // At any moment between two ticks of the metrics.
    await sleep((change * 61) % 500);
  }
  const after = await rendered(url);
  followers.close();
  return { delays, renderMs: (after.sumMs - before.sumMs) / Math.max(1, after.count - before.count) };
}

async function run({ quick, say }: SuiteOptions): Promise<SuiteResult> {
  const containers = quick ? 200 : 1_000;
  const total = probes * containers;
  const folder = await temporaryFolder('bench-monitor');
  const monitor = await startChild('monitor', program('monitor.ts', folder));
  const { url, probePort } = JSON.parse(await monitor.ask('place')) as Place;
  const place = `127.0.0.1:${probePort}`;
  const fleet = await startChild(
    'fleet',
    program('monitor-fleet.ts', place, String(probes), String(containers)),
  );
  try {
    await fleet.ask('all');
    await sleep(quick ? 5_000 : 20_000);
    say('nobody looks');
    const idle = await usageOver(monitor, quick ? 5_000 : 30_000);
    say(`${total} containers: ${idle.cpuPercent.toFixed(1)} % of a core, ${idle.rssMb.toFixed(0)} MB`);
    const views: Awaited<ReturnType<typeof wholeView>>[] = [];
    for (let count = 0; count < (quick ? 3 : 10); count++) {
      views.push(await wholeView(monitor, url));
      await sleep(700);
    }
    const wholeViewMs = median(views.map(({ ms }) => ms));
    const wholeViewBusyMs = median(views.map(({ busyMs }) => busyMs));
    say(`the whole view: ${wholeViewMs.toFixed(0)} ms, ${wholeViewBusyMs.toFixed(0)} ms of them busy`);
    const { delays, renderMs } = await changesSeen(fleet, url, quick ? 10 : 60, containers);
    const watched = await usageOver(monitor, quick ? 3_000 : 10_000);
    const share = total / scope.containers;
    const changeSeenP99Ms = percentile(delays, 0.99);
    return {
      metrics: {
        cpuPercent: idle.cpuPercent,
        rssMb: idle.rssMb,
        rssMbWatched: watched.rssMb,
        viewMs: renderMs,
        wholeViewMs,
        wholeViewLeastMs: Math.min(...views.map(({ ms }) => ms)),
        wholeViewBusyMs,
        changeSeenP50Ms: median(delays),
        changeSeenP99Ms,
      },
      ratios: {
        cpuToHalfOfScope: idle.cpuPercent / ((scope.cpuPercent / 2) * share),
        rssToHalfOfScope: idle.rssMb / ((scope.rssMb / 2) * share),
        viewToLimit: renderMs / 100,
        wholeViewToScope: wholeViewMs / (scope.viewMs * share),
        changeToLimit: changeSeenP99Ms / 1_000,
      },
      notes: [
        `${probes} probes with ${containers} containers each over gRPC, all metrics every 3 s; ${clients} clients follow all`,
        `viewMs: to bring the view of all up to date; wholeViewMs: ${(views[0]?.mb ?? 0).toFixed(1)} MB of JSON answered`,
        'Scope, 1,000 containers: 4.7 % of a core, 302 MB, view 150 ms; its figures count per container',
      ],
    };
  } finally {
    await fleet.close();
    await monitor.close();
    await removeFolder(folder);
  }
}

export const monitor: Suite = {
  name: 'monitor',
  about: 'the monitor with 10 probes of 1,000 containers: processor, memory, views, changes at every client',
  run,
};
