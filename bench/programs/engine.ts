/** `node engine.ts OPTIONS`: one sync engine as a process of its own, as it runs in production; options are JSON. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openStore } from '@orchestrator/store';
import { createSyncEngine } from '@orchestrator/sync';
import { serveLines } from '../child.ts';
import type { EngineOptions, EngineReport } from '../sync/engine.ts';

const { storeFile, ...options } = JSON.parse(process.argv[2] ?? '{}') as EngineOptions;
const store = await openStore(`sqlite:${storeFile}`);
const engine = createSyncEngine({ ...options, store });
await engine.start();

/** What is in use, all garbage collected: without it, growth of the resident size may be garbage that waits. */
async function collect(): Promise<void> {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

const commands: Readonly<Record<string, (argument: number) => Promise<void>>> = {
  pause: () => engine.pause(),
  resume: () => engine.resume(),
  settled: (timeoutMs) => engine.settled(timeoutMs),
  collect,
  report: async () => undefined,
};

function report(): EngineReport {
  const { state, directions, problem } = engine.status();
  const forth = directions.find(({ from }) => from === 'source');
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return {
    state,
    problem,
    applied: forth?.applied ?? 0,
    backlog: forth?.backlog ?? 0,
    lagNowMs: forth?.lagNowMs ?? 0,
    rssBytes: rss,
    usedBytes: heapUsed + arrayBuffers,
    cpuMs: (user + system) / 1000,
  };
}

await serveLines(async (line) => {
  const [name = '', argument] = line.split(' ');
  try {
    await commands[name]?.(Number(argument));
    return JSON.stringify(report());
  } catch (error) {
    return JSON.stringify({ error: String(error) });
  }
});
await engine.stop();
await store.close();
