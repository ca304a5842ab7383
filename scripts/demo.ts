/**
 * `npm run demo`: a real ensemble with 20,000 znodes and busy clients is moved to a new one by the real commands, and every
 * acknowledged write is looked for afterwards; then a cluster comes up, runs containers, loses its leader and keeps them.
 * Ends by itself; exits 0 only if nothing was lost. `-- --chapter=cluster` plays one chapter only.
 */
import { parseArgs } from 'node:util';
import { processTerminal } from '@orchestrator/cli';
import { playCluster } from './demo/cluster/play.ts';
import { describeCluster } from './demo/cluster/result.ts';
import { type PlayOptions, playMigration } from './demo/play.ts';
import { describeMigration } from './demo/result.ts';
import { openStage } from './demo/stage.ts';

const chapters = ['migration', 'cluster'];
const { chapter } = parseArgs({ options: { chapter: { type: 'string' } } }).values;
if (chapter !== undefined && !chapters.includes(chapter)) {
  console.error(`demo: there is no chapter "${chapter}"; there are ${chapters.join(' and ')}`);
  process.exit(2);
}

const interrupted = new AbortController();
let signals = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    signals++;
    interrupted.abort(new Error(`interrupted by ${signal}`));
    // Everything that was started dies with this process, whatever state it is in.
    if (signals > 1) process.exit(130);
  });
}

/** The migration's figures by their names, those of the cluster below `cluster`. */
async function playAll(options: PlayOptions) {
  const startedMs = performance.now();
  const lines: string[] = [];
  let result: { ok: boolean } & Record<string, unknown> = { ok: true };
  if (chapter !== 'cluster') {
    const migration = await playMigration(options);
    lines.push(...describeMigration(migration));
    result = { ...result, ...migration };
  }
  options.stage.end();
  if (chapter !== 'migration') {
    const cluster = await playCluster(options);
    lines.push(...describeCluster(cluster));
    result = { ...result, ok: result.ok && cluster.ok, cluster };
  }
  return { lines, result: { ...result, durationS: Math.round((performance.now() - startedMs) / 1_000) } };
}

const terminal = processTerminal(process);
const stage = openStage(terminal);
try {
  const colour = terminal.style.bold('x') !== 'x';
  const { lines, result } = await playAll({ stage, colour, signal: interrupted.signal });
  stage.end();
  for (const line of lines) terminal.out(line);
  terminal.out(JSON.stringify(result));
  process.exitCode = result.ok ? 0 : 1;
} catch (error) {
  stage.end();
  const wanted = interrupted.signal.aborted;
  terminal.say(
    wanted ? 'interrupted; everything that was started has been removed' : `the demo failed: ${error}`,
  );
  if (!wanted && error instanceof Error) terminal.say(error.stack ?? '');
  process.exitCode = wanted ? 130 : 1;
}
// Sockets of a run that was cut off must not keep it alive.
process.exit();
