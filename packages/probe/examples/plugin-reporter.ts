/**
 * A plugin that reports: the file systems of a host as a table on its node, and a link to where they are explained.
 *
 *   node packages/probe/examples/plugin-reporter.ts [FOLDER [HOST]]
 *
 * `HOST` is the `host.id` of the probe; by default both are the name of this machine.
 */
import { readFileSync, rmSync, statfsSync } from 'node:fs';
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { join } from 'node:path';

const id = 'filesystems';
const node = `${process.argv[3] ?? hostname()};<host>`;
const socketPath = join(process.argv[2] ?? '/var/run/orchestrator/plugins', `${id}.sock`);
const explained = 'https://www.kernel.org/doc/html/latest/filesystems/index.html';
const rowLimit = 50;
/** Every cell is a leaf: what the table's other columns say need not be said again. */
const cell = (row: string, column: string) => `filesystem_${row}___${column}`;

interface FileSystem {
  readonly mountPoint: string;
  readonly type: string;
  readonly usedPercent: number;
}

/** Those with blocks: `/proc` and its like have none. What containers are put together from is left out. */
function fileSystems(): FileSystem[] {
  const lines = readFileSync('/proc/self/mounts', 'utf8').trimEnd().split('\n');
  const found = lines.flatMap((line): FileSystem[] => {
    const [, mountPoint = '', type = ''] = line.split(' ');
    if (type === 'overlay') return [];
    try {
      const { blocks, bavail } = statfsSync(mountPoint);
      return blocks === 0 ? [] : [{ mountPoint, type, usedPercent: Math.round((1 - bavail / blocks) * 100) }];
    } catch {
      return []; // not for us
    }
  });
  return found.slice(0, rowLimit);
}

function report(): object {
  const timestamp = new Date().toISOString();
  const latest: Record<string, { timestamp: string; value: string }> = {
    filesystem_docs: { timestamp, value: explained },
  };
  for (const { mountPoint, type, usedPercent } of fileSystems()) {
    latest[cell(mountPoint, 'mount')] = { timestamp, value: mountPoint };
    latest[cell(mountPoint, 'type')] = { timestamp, value: type };
    latest[cell(mountPoint, 'used')] = { timestamp, value: String(usedPercent) };
  }
  const columns = [
    { id: 'mount', label: 'Mounted at', dataType: '' },
    { id: 'type', label: 'Type', dataType: '' },
    { id: 'used', label: 'Used (%)', dataType: 'number' },
  ];
  return {
    Host: {
      nodes: { [node]: { latest } },
      metadata_templates: {
        filesystem_docs: {
          id: 'filesystem_docs',
          label: 'About file systems',
          priority: 30,
          from: 'latest',
          dataType: 'link',
        },
      },
      table_templates: {
        filesystem_: {
          id: 'filesystem_',
          label: 'File systems',
          prefix: 'filesystem_',
          type: 'multicolumn-table',
          columns,
        },
      },
    },
    Plugins: [
      {
        id,
        label: 'File systems',
        description: 'And how full they are',
        interfaces: ['reporter'],
        api_version: '1',
      },
    ],
  };
}

// A socket that was left behind would keep us from listening.
rmSync(socketPath, { force: true });
createServer((_request, response) => response.end(JSON.stringify(report()))).listen(socketPath);
