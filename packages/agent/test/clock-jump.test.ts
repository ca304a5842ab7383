/** The wall clocks of a master and an agent are set while a task runs: nothing that waits may notice. */
import { setTimeout as sleep } from 'node:timers/promises';
import { scheduler, TaskState } from '@orchestrator/mesos';
import { waitFor } from '@orchestrator/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SmallCluster } from './small-cluster.ts';

const hourMs = 3_600_000;
const pingTimeoutMs = 200;
const mostPings = 5;
/** For an agent that does not answer; no test waits longer for what is due. */
const patienceMs = 10_000;

const realNow = Date.now;
let offsetMs = 0;
let cluster: SmallCluster;

beforeEach(() => {
  Date.now = () => realNow() + offsetMs;
});
afterEach(async () => {
  await cluster?.close();
  Date.now = realNow;
  offsetMs = 0;
});

async function metric(name: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${cluster.masterPort}/metrics/snapshot`);
  return ((await answer.json()) as Record<string, number>)[name] ?? Number.NaN;
}

test.each([
  ['forward', hourMs],
  ['back', -hourMs],
])(
  'an hour %s',
  async (_direction, stepMs) => {
    const preload = new URL('settable-date.ts', import.meta.url);
    cluster = await SmallCluster.start({
      masterFlags: { agent_ping_timeout: `${pingTimeoutMs}ms`, max_agent_ping_timeouts: String(mostPings) },
      environment: { NODE_OPTIONS: `--import=${preload}`, CLOCK_STEP_MS: String(stepMs) },
    });
    const healthCheck = {
      ...{ type: 1, command: { value: 'true' } },
      ...{ delaySeconds: 0, intervalSeconds: 0.1, gracePeriodSeconds: 0 },
    };
    await cluster.run('task', 'sleep 1000', { healthCheck });
    await cluster.until('task', TaskState.TASK_RUNNING, ({ healthy }) => healthy);
    const known = cluster.statuses.length;

    offsetMs = stepMs;
    cluster.agent?.signal('SIGUSR2');
    const offer = await cluster.takeOffer();
    const declinedAtMs = performance.now();
    await cluster.framework?.call({
      type: scheduler.Call_Type.DECLINE,
      decline: { offerIds: [offer.id], filters: { refuseSeconds: 1 } },
    });
    await sleep(2 * mostPings * pingTimeoutMs);
    expect(await metric('master/slave_unreachable_scheduled')).toBe(0);
    expect(await metric('master/slaves_active')).toBe(1);
    expect(cluster.statuses.length, 'updates since then').toBe(known);
    await cluster.takeOffer();
    expect(performance.now() - declinedAtMs).toBeGreaterThan(1_000);

    cluster.agent?.signal('SIGSTOP');
    const isAway = async () => (await metric('master/slave_unreachable_completed')) === 1;
    await waitFor(isAway, { what: 'the agent that does not answer to be away', timeoutMs: patienceMs });
    cluster.agent?.signal('SIGCONT');
    const isBack = async () => (await metric('master/slaves_active')) === 1;
    await waitFor(isBack, { what: 'the agent to be back', timeoutMs: patienceMs });

    await cluster.kill('task', 1);
    const { timestamp } = await cluster.until('task', TaskState.TASK_KILLED);
    expect(Math.abs(timestamp * 1000 - Date.now()), 'of what people read').toBeLessThan(hourMs / 2);
  },
  60_000,
);
