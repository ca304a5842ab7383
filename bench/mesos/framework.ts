/** One framework over the v1 HTTP API, that keeps what it is offered until it is told what to do with it. */
import {
  createSchedulerClient,
  FrameworkInfo_Capability_Type,
  type MasterDetector,
  Offer_Operation_Type,
  type OfferValid,
  Resources,
  type SchedulerClient,
  scheduler,
  TaskState,
  type TaskStatusValid,
} from '@orchestrator/mesos';
import type { Dispatcher } from 'undici';

const { Call_Type: call } = scheduler;

const taskResources = Resources.parse('cpus:0.1;mem:32').toMessages();
/** Everything is sent at once, and on a busy machine the last call waits long. */
const callTimeoutMs = 120_000;
/** What is left of an offer is not wanted again while the suite runs. */
export const noMoreSeconds = 3_600;

interface FrameworkOptions {
  readonly name: string;
  readonly detector: MasterDetector;
  readonly format: 'json' | 'protobuf';
  readonly dispatcher: Dispatcher;
  readonly onOffers: (offers: readonly OfferValid[]) => void;
  readonly onUpdate: (status: TaskStatusValid) => void;
}

export class BenchFramework {
  readonly #client: SchedulerClient;
  readonly #unacknowledged: TaskStatusValid[] = [];
  /** In hand, by the id of the agent. */
  readonly offers = new Map<string, OfferValid>();
  #nextTask = 0;
  readonly #name: string;

  constructor(options: FrameworkOptions) {
    const { name, detector, format, dispatcher } = options;
    this.#name = name;
    this.#client = createSchedulerClient({
      ...{ detector, format, dispatcher, callTimeoutMs },
      frameworkInfo: {
        ...{ user: 'root', name, roles: [name], failoverTimeout: 3_600, checkpoint: true },
        capabilities: [
          { type: FrameworkInfo_Capability_Type.MULTI_ROLE },
          { type: FrameworkInfo_Capability_Type.PARTITION_AWARE },
        ],
      },
      onEvent: ({ offers, rescind, update }) => {
        if (offers !== undefined) {
          for (const offer of offers.offers) this.offers.set(offer.agentId.value, offer);
          options.onOffers(offers.offers);
        }
        if (rescind !== undefined) this.#forget(rescind.offerId.value);
        if (update !== undefined) {
          if (Object.hasOwn(update.status, 'uuid')) this.#unacknowledged.push(update.status);
          options.onUpdate(update.status);
        }
      },
    });
  }

  get isSubscribed(): boolean {
    return this.#client.subscribed;
  }

  /** Rejects when the master does not take the framework. */
  get done(): Promise<void> {
    return this.#client.done;
  }

  newTaskIds(count: number): string[] {
    return Array.from({ length: count }, () => `${this.#name}-task-${this.#nextTask++}`);
  }

  /** One ACCEPT with a task for each id; resolves when the master has taken it. */
  async launch(offer: OfferValid, ids: readonly string[], refuseSeconds = noMoreSeconds): Promise<void> {
    this.offers.delete(offer.agentId.value);
    const taskInfos = ids.map((id) => ({
      ...{ name: id, taskId: { value: id }, agentId: offer.agentId, resources: taskResources },
      command: { value: 'sleep 100000' },
    }));
    await this.#client.call({
      type: call.ACCEPT,
      accept: {
        offerIds: [offer.id],
        operations: [{ type: Offer_Operation_Type.LAUNCH, launch: { taskInfos } }],
        filters: { refuseSeconds },
      },
    });
  }

  async decline(offers: readonly OfferValid[], refuseSeconds: number): Promise<void> {
    for (const offer of offers) this.offers.delete(offer.agentId.value);
    const offerIds = offers.map(({ id }) => id);
    await this.#client.call({ type: call.DECLINE, decline: { offerIds, filters: { refuseSeconds } } });
  }

  async revive(): Promise<void> {
    await this.#client.call({ type: call.REVIVE, revive: {} });
  }

  /** All updates that came since the last time. */
  async acknowledge(): Promise<void> {
    const statuses = this.#unacknowledged.splice(0);
    await Promise.all(
      statuses.map(async ({ agentId, taskId, uuid }) => {
        if (agentId === undefined) return;
        await this.#client.call({ type: call.ACKNOWLEDGE, acknowledge: { agentId, taskId, uuid } });
      }),
    );
  }

  close(): void {
    this.#client.close();
  }

  #forget(offerId: string): void {
    for (const [agentId, offer] of this.offers) if (offer.id.value === offerId) this.offers.delete(agentId);
  }
}

export const isRunning = (status: TaskStatusValid) => status.state === TaskState.TASK_RUNNING;
