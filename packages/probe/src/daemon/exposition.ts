/** What the probe tells of itself, in the text format of Prometheus; without a library, which would double its cost. */
import { readFileSync } from 'node:fs';
import { isAlive } from '@orchestrator/report';
import type { Clock, Timer } from '@orchestrator/runtime/clock';
import type { Probe } from '../probe.ts';

/** The share of a core is that of the last such time. */
const windowMs = 10_000;

export interface CpuMeter {
  /** Per cent of one core; of all its time while there is no whole window yet. */
  percent(): number;
  stop(): void;
}

const usedMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

export function createCpuMeter(clock: Clock): CpuMeter {
  let since = { atMs: clock.monotonicMs(), usedMs: usedMs() };
  let last: number | undefined;
  let timer: Timer | undefined;
  const now = () => {
    const elapsedMs = clock.monotonicMs() - since.atMs;
    return elapsedMs <= 0 ? 0 : ((usedMs() - since.usedMs) / elapsedMs) * 100;
  };
  const turn = () => {
    last = now();
    since = { atMs: clock.monotonicMs(), usedMs: usedMs() };
    timer = clock.after(windowMs, turn, { background: true });
  };
  timer = clock.after(windowMs, turn, { background: true });
  return { percent: () => last ?? now(), stop: () => timer?.cancel() };
}

const escapeLabel = (text: string) =>
  text.replace(/["\\\n]/g, (sign) => (sign === '\n' ? '\\n' : `\\${sign}`));

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

function metric(name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
    return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
  });
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n');
}

function residentBytes(): number {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

function countOf(probe: Probe | undefined): Sample[] {
  return [...(probe?.current().topologies ?? [])].map(([topology, { nodes }]) => {
    let alive = 0;
    for (const node of nodes.values()) if (isAlive(node)) alive++;
    return [{ topology }, alive];
  });
}

export function exposition(probe: Probe | undefined, cpu: CpuMeter): string {
  const apps = (probe?.apps() ?? []).map(({ app, connected }): Sample => [{ app }, connected ? 1 : 0]);
  return [
    metric('scope_probe_cpu_percent', 'gauge', 'Processor time in per cent of one core, of the last 10 s.', [
      [{}, Math.round(cpu.percent() * 100) / 100],
    ]),
    metric('scope_probe_nodes', 'gauge', 'What the probe sees, by topology.', countOf(probe)),
    metric('scope_probe_app_connected', 'gauge', '1 if the app takes reports.', apps),
    metric('process_cpu_seconds_total', 'counter', 'Processor time of the probe.', [[{}, usedMs() / 1000]]),
    metric('process_resident_memory_bytes', 'gauge', 'Resident memory of the probe.', [
      [{}, residentBytes()],
    ]),
  ].join('');
}
