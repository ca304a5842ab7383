/** The program that speaks netlink for us: events of connection tracking, and its list. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Logger } from '@orchestrator/runtime';
import { createBackoff } from '@orchestrator/runtime/backoff';
import { type Clock, sleep } from '@orchestrator/runtime/clock';
import { parseTrackedFlow, type TrackedFlow } from './conntrack.ts';

const listTimeoutMs = 5_000;
/** Of the package of the same name. */
const flowProgram = 'conntrack';
/** Has the kernel end the program with us, also when we are killed; of util-linux, as `nsenter` is. */
const guardProgram = 'setpriv';
const guardFlags = ['--pdeathsig', 'KILL', '--'];
/** Events that the kernel keeps for us while we are busy. */
const eventBufferBytes = 4 * 2 ** 20;
/** Of what the program says when that was not enough. It goes on then. */
const missedWord = 'ENOBUFS';

/** Tells of the flows that are known now, one by one; 10 ms of the kernel's time for each family, so rarely. */
export async function listFlows(flow: (flow: TrackedFlow) => void): Promise<void> {
  // Older versions of the program list IPv4 alone unless asked.
  for (const family of ['ipv4', 'ipv6']) await listFamily(family, flow);
}

function listFamily(family: string, flow: (flow: TrackedFlow) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = {
      timeout: listTimeoutMs,
      stdio: ['ignore', 'pipe', 'ignore'] as ['ignore', 'pipe', 'ignore'],
    };
    const child = spawn(flowProgram, ['-L', '-f', family, '-o', 'extended'], options);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const parsed = parseTrackedFlow(line);
      if (parsed !== undefined) flow(parsed);
    });
    child.once('error', reject);
    child.once('close', (status) =>
      status === 0 ? resolve() : reject(new Error(`${flowProgram} -L -f ${family} ended with ${status}`)),
    );
  });
}

export interface FollowFlowsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly flow: (flow: TrackedFlow) => void;
  /** Events begin now, or begin again after an interruption. */
  readonly opened: () => void;
  /** Events have ended; they are tried for again. */
  readonly lost: () => void;
  /** Some events are missing: there were more than the kernel keeps for us. Those that it has kept are told after this. */
  readonly missed: () => void;
}

/** Follows the events of connection tracking until `signal` aborts. Without the program or the right it tries again, rarely. */
export async function followFlows(options: FollowFlowsOptions): Promise<void> {
  const { clock, logger, signal } = options;
  const backoff = createBackoff({ firstDelayMs: 500, maxDelayMs: 60_000 });
  let said = false;
  while (!signal.aborted) {
    const startMs = clock.monotonicMs();
    const reason = await runOnce(options);
    if (signal.aborted) return;
    if (!said) logger.info('no events of connection tracking', { reason });
    said = true;
    options.lost();
    if (clock.monotonicMs() - startMs > 60_000) backoff.reset();
    await sleep(clock, backoff.nextDelayMs(), signal).catch(() => undefined); // ends the loop above
  }
}

function runOnce({ signal, flow, opened, missed }: FollowFlowsOptions): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(
      guardProgram,
      [...guardFlags, flowProgram, '-E', '-o', 'extended', '-b', String(eventBufferBytes)],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const end = () => child.kill('SIGKILL');
    signal.addEventListener('abort', end, { once: true });
    let complaint = '';
    child.stderr.on('data', (chunk) => {
      complaint = `${complaint}${String(chunk)}`.slice(-500);
      if (String(chunk).includes(missedWord)) missed();
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const parsed = parseTrackedFlow(line);
      if (parsed !== undefined) flow(parsed);
    });
    child.once('spawn', opened);
    child.once('error', (error) => resolve(error.message));
    child.once('close', (status) => {
      signal.removeEventListener('abort', end);
      resolve(complaint.trim() || `conntrack ended with ${status}`);
    });
  });
}
