/** A master alone, on a port of its own, with its registry in a folder that goes with it. */

import type { FlagSources } from '@orchestrator/mesos';
import type { LogFields, Logger } from '@orchestrator/runtime';
import { freePorts, removeFolder, temporaryFolder, waitFor } from '@orchestrator/testing';
import { MasterService, readConfig, readFlags } from '../src/index.ts';

export interface OneMaster extends AsyncDisposable {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly service: MasterService;
  readonly failures: unknown[];
}

type OnLine = (message: string, fields?: LogFields) => void;

const loggerTo = (onLine: OnLine): Logger => ({
  ...{ debug: onLine, info: onLine, warn: onLine, error: onLine },
  child: () => loggerTo(onLine),
});

export async function startMaster(
  flags: Readonly<Record<string, string>> = {},
  sources: FlagSources = {},
  onLine: OnLine = () => undefined,
): Promise<OneMaster> {
  const folder = await temporaryFolder('master');
  const [port = 0] = await freePorts(1);
  const given = { ip: '127.0.0.1', port: String(port), work_dir: folder, ...flags };
  const args = Object.entries(given).map(([name, value]) => `--${name}=${value}`);
  const config = await readConfig(await readFlags({ args, etc: folder, ...sources }));
  const failures: unknown[] = [];
  const service = new MasterService({
    config,
    logger: loggerTo(onLine),
    onFatal: (error) => failures.push(error),
  });
  await service.start();
  const { zk } = flags;
  if (zk === undefined) await waitFor(() => service.leading !== undefined, { what: 'the master to lead' });
  return {
    ...{ service, port, failures, host: '127.0.0.1', url: `http://127.0.0.1:${port}` },
    async [Symbol.asyncDispose]() {
      await service.stop();
      await removeFolder(folder);
    },
  };
}
