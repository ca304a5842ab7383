/** A framework in this process: it keeps containers running, and notes every update it gets. */
import {
  createHostListDetector,
  createSchedulerClient,
  FrameworkInfo_Capability_Type,
  Offer_Operation_Type,
  type OfferValid,
  Resources,
  scheduler,
  TaskState,
} from '@orchestrator/mesos';
import { systemClock } from '@orchestrator/runtime';

export interface WitnessOptions {
  readonly masters: readonly string[];
  readonly containers: number;
}

export interface Witness {
  /** Names of the tasks that run, as far as it was told. */
  running(): readonly string[];
  /** Updates by state of tasks that were not to end. */
  losses(): readonly string[];
  readonly updates: number;
  /** How long from the launch to TASK_RUNNING, of each. */
  readonly startsMs: readonly number[];
  /** Times that a master was found anew. */
  readonly subscriptions: number;
  readonly connected: boolean;
  /** Launches one more task, which ends by itself. Resolves with how it ended. */
  runOne(command: string): Promise<string>;
  close(): Promise<void>;
}

const perTask = Resources.parse('cpus:0.05;mem:32');
const capabilities = [
  FrameworkInfo_Capability_Type.MULTI_ROLE,
  FrameworkInfo_Capability_Type.PARTITION_AWARE,
];
/** Says the time, so that a gap in its log would tell of a pause. */
const counting = 'while :; do date +%s.%N; sleep 0.2; done';

interface Wanted {
  readonly name: string;
  readonly command: string;
}

export function openWitness({ masters, containers }: WitnessOptions): Witness {
  const wanted: Wanted[] = Array.from({ length: containers }, (_, index) => ({
    name: `counter-${index + 1}`,
    command: counting,
  }));
  const launchedMs = new Map<string, number>();
  const running = new Set<string>();
  const losses: string[] = [];
  const startsMs: number[] = [];
  const ends = new Map<string, (state: string) => void>();
  const counts = { updates: 0, subscriptions: 0 };
  const detector = createHostListDetector({ masters, intervalMs: 100 });
  const client = createSchedulerClient({
    ...{ detector, maxDelayMs: 500 },
    frameworkInfo: {
      ...{ user: 'root', name: 'demo', roles: ['demo'], checkpoint: true, failoverTimeout: 120 },
      capabilities: capabilities.map((type) => ({ type })),
    },
    async onEvent({ subscribed, offers, update }) {
      if (subscribed !== undefined) counts.subscriptions++;
      for (const offer of offers?.offers ?? []) await answer(offer);
      if (update !== undefined) await take(update.status);
    },
  });

  async function answer(offer: OfferValid): Promise<void> {
    let left = Resources.from(offer.resources);
    const role = offer.allocationInfo?.role;
    const share = perTask.allocatedTo(role);
    const taskInfos = [];
    while (wanted.length > 0 && left.contains(share)) {
      const { name, command } = wanted.shift() ?? { name: '', command: '' };
      left = left.minus(share);
      launchedMs.set(name, systemClock.monotonicMs());
      taskInfos.push({
        ...{ name, taskId: { value: name }, agentId: offer.agentId, resources: share.toMessages() },
        ...{ command: { value: command }, killPolicy: { gracePeriod: { nanoseconds: 1n } } },
      });
    }
    const offerIds = [offer.id];
    const filters = { refuseSeconds: 1 };
    const operations = [{ type: Offer_Operation_Type.LAUNCH, launch: { taskInfos } }];
    await client.call(
      taskInfos.length === 0
        ? { type: scheduler.Call_Type.DECLINE, decline: { offerIds, filters } }
        : { type: scheduler.Call_Type.ACCEPT, accept: { offerIds, operations, filters } },
    );
  }

  type Status = NonNullable<
    Parameters<Parameters<typeof createSchedulerClient>[0]['onEvent']>[0]['update']
  >['status'];
  async function take({ taskId, state, agentId, uuid }: Status): Promise<void> {
    counts.updates++;
    const name = taskId.value;
    if (agentId !== undefined && uuid.length > 0)
      await client.call({ type: scheduler.Call_Type.ACKNOWLEDGE, acknowledge: { agentId, taskId, uuid } });
    if (state === TaskState.TASK_RUNNING && !running.has(name)) {
      startsMs.push(systemClock.monotonicMs() - (launchedMs.get(name) ?? 0));
      running.add(name);
    }
    if (state === TaskState.TASK_RUNNING || state === TaskState.TASK_STARTING) return;
    running.delete(name);
    const text = Object.entries(TaskState).find(([, value]) => value === state)?.[0] ?? String(state);
    const end = ends.get(name);
    if (end === undefined) losses.push(`${name}: ${text}`);
    else end(text);
  }

  return {
    running: () => [...running],
    losses: () => losses,
    startsMs,
    get updates() {
      return counts.updates;
    },
    get subscriptions() {
      return counts.subscriptions;
    },
    get connected() {
      return client.subscribed;
    },
    async runOne(command) {
      const name = `one-${ends.size + 1}`;
      const { promise, resolve } = Promise.withResolvers<string>();
      ends.set(name, resolve);
      wanted.push({ name, command });
      await client.call({ type: scheduler.Call_Type.REVIVE, revive: {} });
      return await promise;
    },
    async close() {
      if (client.subscribed) await client.call({ type: scheduler.Call_Type.TEARDOWN });
      client.close();
      await client.done.catch(() => undefined); // it was told above, or nobody listens any more
    },
  };
}
