/** Simulated probes: `all`, then a tick of all metrics every three seconds; `change PROBE INDEX STATE`. */
import { serveLines } from '../child.ts';
import { createFleetProbe } from '../monitor/fleet.ts';

const tickEveryMs = 3_000;

const [place = '', probes = '10', containers = '1000'] = process.argv.slice(2);
const fleet = Array.from({ length: Number(probes) }, (_, number) =>
  createFleetProbe(place, number, Number(containers)),
);
const timers: NodeJS.Timeout[] = [];

function start(): void {
  for (const [index, probe] of fleet.entries()) {
    probe.sendAll();
    // Real ones are not in step either.
    const begin = () => timers.push(setInterval(() => probe.tick(), tickEveryMs));
    timers.push(setTimeout(begin, (index * tickEveryMs) / fleet.length));
  }
}

await serveLines(async (line) => {
  const [what, probe, index, state = ''] = line.split(' ');
  if (what === 'all') start();
  const sentMs = Date.now();
  if (what === 'change') fleet[Number(probe)]?.change(Number(index), state);
  return String(sentMs);
});
for (const timer of timers) clearTimeout(timer);
for (const probe of fleet) probe.close();
