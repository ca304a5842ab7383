/** The web console and a probe beside the cluster, for as long as the chapter lasts. */
import { sleep, systemClock } from '@orchestrator/runtime';
import { freePorts } from '@orchestrator/testing';
import { startCommand } from '../commands.ts';

export interface ConsoleOptions {
  readonly masters: readonly string[];
  /** Holds what the monitor keeps; its first password among it. */
  readonly workFolder: string;
  readonly signal: AbortSignal;
}

export interface DemoConsole {
  readonly url: string;
  readonly passwordFile: string;
  close(): Promise<void>;
}

const pollMs = 100;

/** Resolves when its page is there. */
export async function openConsole({ masters, workFolder, signal }: ConsoleOptions): Promise<DemoConsole> {
  const [port, probesPort, metricsPort] = await freePorts(3);
  const start = (...args: readonly string[]) =>
    startCommand({ program: 'orchestrator', env: {}, args, colour: false, onLine: () => undefined });
  const monitor = start(
    ...['monitor', `--master=${masters.join(',')}`, `--work-dir=${workFolder}`],
    ...[`--port=${port}`, `--probes-port=${probesPort}`],
  );
  const probe = start('probe', `127.0.0.1:${probesPort}`, `--metrics-port=${metricsPort}`);
  const url = `http://127.0.0.1:${port}`;
  const isThere = () =>
    fetch(url, { headers: { accept: 'text/html' }, signal }).then(
      ({ ok }) => ok,
      () => false,
    );
  const close = async () => {
    await Promise.all([probe.stop(), monitor.stop()]);
  };
  try {
    while (!(await isThere())) await sleep(systemClock, pollMs, signal);
  } catch (error) {
    await close();
    throw error;
  }
  return { url, passwordFile: `${workFolder}/initial-admin-password`, close };
}
