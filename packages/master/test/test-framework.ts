/** A framework over HTTP that launches tasks, and acknowledges what it hears of them. */
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
  type TransportOptions,
} from '@orchestrator/mesos';
import { waitFor } from '@orchestrator/testing';

const { Call_Type: call, Event_Type: event } = scheduler;

export interface TestFrameworkOptions {
  readonly detector: MasterDetector;
  /** Of one that was there before. */
  readonly id?: string | undefined;
  /** Default true. */
  readonly acknowledges?: boolean;
  /** Default root. */
  readonly user?: string;
  /** Default web. */
  readonly role?: string;
  readonly principal?: string;
  /** Default plain HTTP. */
  readonly transport?: TransportOptions;
}

export class TestFramework implements AsyncDisposable {
  readonly events: scheduler.EventValid[] = [];
  readonly client: SchedulerClient;
  readonly #acknowledges: boolean;
  readonly #lastStates = new Map<string, TaskState>();

  constructor({
    detector,
    id,
    acknowledges = true,
    user = 'root',
    role = 'web',
    principal,
    transport,
  }: TestFrameworkOptions) {
    this.#acknowledges = acknowledges;
    this.client = createSchedulerClient({
      ...transport,
      detector,
      maxDelayMs: 500,
      frameworkInfo: {
        ...(principal === undefined ? {} : { principal }),
        ...{ user, name: `test of ${user}`, roles: [role], failoverTimeout: 60, checkpoint: true },
        capabilities: [
          { type: FrameworkInfo_Capability_Type.MULTI_ROLE },
          { type: FrameworkInfo_Capability_Type.PARTITION_AWARE },
        ],
        ...(id === undefined ? {} : { id: { value: id } }),
      },
      onEvent: (each) => this.#onEvent(each),
    });
  }

  get id(): string | undefined {
    return this.client.frameworkId;
  }

  /** How often it has been let in. */
  get subscriptions(): number {
    return this.events.filter(({ type }) => type === event.SUBSCRIBED).length;
  }

  statuses(): (TaskState | undefined)[] {
    return this.events.filter(({ type }) => type === event.UPDATE).map(({ update }) => update?.status.state);
  }

  /** What it last heard of each task. */
  states(): ReadonlyMap<string, TaskState> {
    return this.#lastStates;
  }

  async offer(): Promise<OfferValid> {
    const find = () => this.events.findLast(({ type }) => type === event.OFFERS)?.offers?.offers[0];
    await waitFor(() => find() !== undefined, { what: 'an offer' });
    const offer = find();
    if (offer === undefined) throw new Error('no offer');
    return offer;
  }

  /** Tasks of one cpu and 64 MB each on one offer; the rest of it is declined for an hour. */
  async launch(offer: OfferValid, ...taskIds: string[]): Promise<void> {
    const taskInfos = taskIds.map((taskId) => ({
      ...{ name: taskId, taskId: { value: taskId }, agentId: offer.agentId },
      resources: Resources.parse('cpus:1;mem:64').toMessages(),
      command: { value: 'sleep 1000' },
    }));
    await this.client.call({
      type: call.ACCEPT,
      accept: {
        offerIds: [offer.id],
        operations: [{ type: Offer_Operation_Type.LAUNCH, launch: { taskInfos } }],
        filters: { refuseSeconds: 3600 },
      },
    });
  }

  async areRunning(...taskIds: string[]): Promise<void> {
    await waitFor(() => taskIds.every((id) => this.#lastStates.get(id) === TaskState.TASK_RUNNING), {
      what: `${taskIds.join(', ')} to run`,
    });
  }

  async acknowledgeLast(): Promise<void> {
    const status = this.events.findLast(({ type }) => type === event.UPDATE)?.update?.status;
    if (status?.agentId === undefined) throw new Error('nothing to acknowledge');
    await this.#acknowledge(status);
  }

  async #onEvent(each: scheduler.EventValid): Promise<void> {
    this.events.push(each);
    const status = each.update?.status;
    if (status === undefined) return;
    this.#lastStates.set(status.taskId.value, status.state);
    // Not waited for: the answer may come after the next event. One that is lost is asked for again by the agent.
    if (this.#acknowledges && status.uuid.length > 0) this.#acknowledge(status).catch(() => undefined);
  }

  async #acknowledge({ agentId, taskId, uuid }: TaskStatusValid): Promise<void> {
    if (agentId === undefined) return;
    await this.client.call({ type: call.ACKNOWLEDGE, acknowledge: { agentId, taskId, uuid } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    await this.client.done;
  }
}
