/** A sync engine in a process of its own. */
import { join } from 'node:path';
import type { EnsembleAccess, SyncOptions, SyncState } from '@orchestrator/sync';
import { type Ensemble, waitFor } from '@orchestrator/testing';
import { program, startChild } from '../child.ts';

export type EngineOptions = Omit<SyncOptions, 'store' | 'logger' | 'clock' | 'random' | 'onSynced'> & {
  readonly storeFile: string;
};

/** Of the direction from the source to the target. */
export interface EngineReport {
  readonly state: SyncState;
  readonly problem: string | null;
  readonly applied: number;
  readonly backlog: number;
  readonly lagNowMs: number;
  readonly rssBytes: number;
  /** Of the heap and of array buffers, garbage included. */
  readonly usedBytes: number;
  /** Of the whole process, since its start. */
  readonly cpuMs: number;
}

export interface EngineProcess {
  readonly pid: number;
  report(): Promise<EngineReport>;
  /** As {@link report}, after a full garbage collection. */
  collected(): Promise<EngineReport>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Resolves once the target has everything. */
  settled(timeoutMs: number): Promise<EngineReport>;
  close(): Promise<void>;
}

export const migrationId = 'bench';
/** Below this the engine copies nothing: for what a suite does to one side only. */
export const excludedFolder = '/one-side';
const syncingTimeoutMs = 300_000;

export function accessTo(ensemble: Ensemble): EnsembleAccess {
  return {
    connectString: ensemble.connectString,
    quorumServers: ensemble.servers.map((server) => `${server.host}:${server.quorumPort}`),
  };
}

/** Starts an engine and waits until it is past its first copy. */
export async function startEngine(
  source: Ensemble,
  target: Ensemble,
  workFolder: string,
): Promise<EngineProcess> {
  const options: EngineOptions = {
    migrationId,
    instance: 'bench',
    source: accessTo(source),
    target: accessTo(target),
    excludes: [excludedFolder],
    workFolder,
    storeFile: join(workFolder, 'store.db'),
  };
  const child = await startChild('the engine', program('engine.ts', JSON.stringify(options)));
  const ask = async (line: string): Promise<EngineReport> => {
    const answer = JSON.parse(await child.ask(line)) as EngineReport & { error?: string };
    if (answer.error !== undefined) throw new Error(`the engine, asked to ${line}: ${answer.error}`);
    return answer;
  };
  const engine: EngineProcess = {
    pid: child.pid,
    report: () => ask('report'),
    collected: () => ask('collect'),
    pause: async () => void (await ask('pause')),
    resume: async () => void (await ask('resume')),
    settled: (timeoutMs) => ask(`settled ${timeoutMs}`),
    close: () => child.close(),
  };
  let last: EngineReport | undefined;
  await waitFor(
    async () => {
      last = await engine.report();
      return last.state === 'syncing';
    },
    {
      what: () => `an engine that syncs; it is ${last?.state}: ${last?.problem}`,
      timeoutMs: syncingTimeoutMs,
    },
  );
  return engine;
}
