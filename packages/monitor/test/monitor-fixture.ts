import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '@orchestrator/testing';
import {
  createMonitorServer,
  loadMonitorConfig,
  type MonitorServer,
  type MonitorServerOptions,
} from '../src/index.ts';

export interface RunningMonitor {
  readonly server: MonitorServer;
  readonly url: string;
  readonly probePort: number;
  readonly folder: string;
  /** Cookie of the administrator that is made at the first start. */
  readonly admin: string;
  stop(): Promise<void>;
}

export const probeToken = 'probe-token-of-the-tests';
export const operatorToken = 'operator-token-of-the-tests';
export const viewerToken = 'viewer-token-of-the-tests';

export async function startMonitor(
  flags: Record<string, unknown> = {},
  more: Pick<MonitorServerOptions, 'clock'> = {},
): Promise<RunningMonitor> {
  const folder = await temporaryFolder('monitor');
  const config = loadMonitorConfig({
    flags: {
      workDir: folder,
      'http.port': 0,
      'probes.port': 0,
      'probes.tokens': [{ env: 'PROBE' }],
      'auth.tokens': [
        { name: 'op', role: 'operator', token: { env: 'OPERATOR' } },
        { name: 'eye', role: 'viewer', token: { env: 'VIEWER' } },
      ],
      ...flags,
    },
  });
  const env = { PROBE: probeToken, OPERATOR: operatorToken, VIEWER: viewerToken };
  const server = await createMonitorServer({ config, env, ...more });
  const { url, probePort } = await server.start();
  const password = (await readFile(join(folder, 'initial-admin-password'), 'utf8')).trim();
  const login = await fetch(`${url}/api/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'admin', password }),
  });
  const admin = (login.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  return {
    ...{ server, url, probePort, folder, admin },
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
