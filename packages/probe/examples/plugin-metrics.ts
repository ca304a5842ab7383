/**
 * A plugin with a metric: the temperature of the hottest zone, on the node of the host.
 *
 *   node packages/probe/examples/plugin-metrics.ts [FOLDER [HOST]]
 *
 * `HOST` is the `host.id` of the probe; by default both are the name of this machine.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { join } from 'node:path';

const id = 'temperature';
const node = `${process.argv[3] ?? hostname()};<host>`;
const socketPath = join(process.argv[2] ?? '/var/run/orchestrator/plugins', `${id}.sock`);
const zones = '/sys/class/thermal';

/** Of the hottest zone, in degrees Celsius; undefined where there is no sensor. */
function temperature(): number | undefined {
  if (!existsSync(zones)) return undefined;
  const readings = readdirSync(zones)
    .filter((name) => name.startsWith('thermal_zone'))
    .map((name) => Number(readFileSync(join(zones, name, 'temp'), 'utf8')) / 1000);
  return readings.length === 0 ? undefined : Math.max(...readings);
}

function report(): object {
  const value = temperature();
  const samples = value === undefined ? [] : [{ date: new Date().toISOString(), value }];
  return {
    Host: {
      nodes: { [node]: { metrics: { temperature: { samples, min: 0, max: 100 } } } },
      metric_templates: {
        temperature: { id: 'temperature', label: 'Temperature (°C)', format: '', priority: 20 },
      },
    },
    Plugins: [
      {
        id,
        label: 'Temperature',
        description: 'Of the processor',
        interfaces: ['reporter'],
        api_version: '1',
      },
    ],
  };
}

// A socket that was left behind would keep us from listening.
rmSync(socketPath, { force: true });
createServer((_request, response) => response.end(JSON.stringify(report()))).listen(socketPath);
