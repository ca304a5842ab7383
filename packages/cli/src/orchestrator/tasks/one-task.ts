/** A framework with a single task: from its registration to the last update, through any number of leaders. */
import {
  createSchedulerClient,
  isTerminal,
  MesosError,
  Offer_Operation_Type,
  type OfferValid,
  type SchedulerClient,
  type SchedulerClientOptions,
  scheduler,
  TaskStatus_Reason,
  type TaskStatusValid,
} from '@orchestrator/mesos';
import type { Clock } from '@orchestrator/runtime';
import { CliError } from '../../program/errors.ts';
import type { Cluster } from '../connection/cluster.ts';
import { chooseFrom, type TaskDescription, taskInfoOf } from './description.ts';

type SchedulerEvent = Parameters<SchedulerClientOptions['onEvent']>[0];
type FrameworkInfo = SchedulerClientOptions['frameworkInfo'];

export interface OneTaskOptions {
  readonly cluster: Cluster;
  readonly frameworkInfo: FrameworkInfo;
  readonly taskId: string;
  readonly clock: Clock;
  /** What to launch; `undefined` to take over a task that runs. */
  readonly description: TaskDescription | undefined;
  /** It was launched on this offer. */
  readonly onLaunch?: (offer: OfferValid) => void;
  readonly onStatus: (status: TaskStatusValid) => void;
  /** The master that led is gone; the task goes on, and another master is looked for. */
  readonly onDisconnected?: (reason: unknown) => void;
}

/** How long an offer that does not fit is not wanted again. */
const refuseS = 2;
/** An update that was not acknowledged has come again by then, with all that it has to say. */
const updateAgainMs = 20_000;
/** In the words of Mesos. */
const takenOverMessage = 'Framework failed over';

export class OneTask {
  readonly #options: OneTaskOptions;
  readonly #client: SchedulerClient;
  readonly #ended = Promise.withResolvers<TaskStatusValid>();
  #launchedOn: OfferValid | undefined;
  #subscribed = Promise.withResolvers<void>();
  readonly #takenOver = Promise.withResolvers<void>();
  #killing = false;
  #leaving = false;
  #connected = false;

  constructor(options: OneTaskOptions) {
    this.#options = options;
    const { cluster, frameworkInfo, onDisconnected } = options;
    this.#client = createSchedulerClient({
      ...cluster.transport,
      ...{ detector: cluster.detector, frameworkInfo, maxDelayMs: 1_000 },
      onEvent: (event) => this.#take(event),
      onDisconnected: (reason) => {
        // Attempts that fail after that tell nothing new.
        if (this.#connected && !this.#leaving) onDisconnected?.(reason);
        this.#connected = false;
      },
    });
    this.#client.done.catch((error) => {
      this.#ended.reject(error);
      this.#subscribed.reject(error);
    });
    this.#subscribed.promise.catch(() => undefined); // told by `ended`
  }

  get frameworkId(): string {
    return this.#client.frameworkId ?? '';
  }

  get isLaunched(): boolean {
    return this.#launchedOn !== undefined;
  }

  /** Its last status. Rejects when the master refuses the framework. */
  get ended(): Promise<TaskStatusValid> {
    return this.#ended.promise;
  }

  /** Resolves when another process has subscribed as this framework: the task goes on, and its end is told there. */
  get takenOver(): Promise<void> {
    return this.#takenOver.promise;
  }

  /** Resolves when a master knows the framework. */
  get subscribed(): Promise<void> {
    return this.#subscribed.promise;
  }

  /** Asks for its end; `ended` tells of it. Again after a change of the leader. */
  async kill(agentId: string | undefined = this.#launchedOn?.agentId.value): Promise<void> {
    this.#killing = true;
    const { taskId } = this.#options;
    const kill = {
      taskId: { value: taskId },
      ...(agentId === undefined ? {} : { agentId: { value: agentId } }),
    };
    await this.#call({ type: scheduler.Call_Type.KILL, kill });
  }

  /** The framework ends, and whatever it has left. */
  async tearDown(): Promise<void> {
    this.#leaving = true;
    if (this.#client.subscribed) await this.#call({ type: scheduler.Call_Type.TEARDOWN });
    this.#client.close();
  }

  /** Nobody waits for its end any more: `ended` rejects. */
  giveUp(reason: unknown): void {
    this.#ended.reject(reason);
  }

  /** Leaves the task running, for as long as the framework's failover timeout. */
  leave(): void {
    this.#leaving = true;
    this.#client.close();
  }

  /**
   * What is lost with a connection is made up for: updates and offers come again, and the task is asked about and killed
   * again at the next subscription.
   */
  async #call(call: Parameters<SchedulerClient['call']>[0]): Promise<void> {
    try {
      await this.#client.call(call);
    } catch (error) {
      if (!(error instanceof MesosError)) throw error;
    }
  }

  async #take(event: SchedulerEvent): Promise<void> {
    if (event.subscribed !== undefined) await this.#onSubscribed();
    if (event.offers !== undefined) await this.#answer(event.offers.offers);
    if (event.update !== undefined) await this.#onUpdate(event.update.status);
    if (event.error !== undefined) this.#onError(event.error.message);
  }

  #onError(message: string): void {
    if (message !== takenOverMessage)
      throw new CliError('conflict', `the master refuses the framework: ${message}`);
    this.leave();
    this.#takenOver.resolve();
  }

  async #onSubscribed(): Promise<void> {
    this.#subscribed.resolve();
    this.#connected = true;
    if (this.#launchedOn === undefined) return;
    // What the new leader heard of it from its agent, or that it never got there.
    const { taskId } = this.#options;
    const tasks = [{ taskId: { value: taskId }, agentId: this.#launchedOn.agentId }];
    await this.#call({ type: scheduler.Call_Type.RECONCILE, reconcile: { tasks } });
    if (this.#killing) await this.kill();
  }

  async #answer(offers: readonly OfferValid[]): Promise<void> {
    const unwanted: OfferValid[] = [];
    for (const offer of offers) {
      const { description } = this.#options;
      const chosen =
        description === undefined || this.#launchedOn !== undefined
          ? undefined
          : chooseFrom(offer.resources, description.resources);
      if (description === undefined || chosen === undefined) unwanted.push(offer);
      else await this.#launch(offer, taskInfoOf(description, this.#options.taskId, offer, chosen));
    }
    if (unwanted.length === 0) return;
    const filters = { refuseSeconds: refuseS };
    const decline = { offerIds: unwanted.map(({ id }) => id), filters };
    await this.#call({ type: scheduler.Call_Type.DECLINE, decline });
  }

  async #launch(offer: OfferValid, taskInfo: ReturnType<typeof taskInfoOf>): Promise<void> {
    this.#launchedOn = offer;
    const operation = { type: Offer_Operation_Type.LAUNCH, launch: { taskInfos: [taskInfo] } };
    await this.#call({
      type: scheduler.Call_Type.ACCEPT,
      accept: { offerIds: [offer.id], operations: [operation] },
    });
    await this.#call({ type: scheduler.Call_Type.SUPPRESS, suppress: {} });
    this.#options.onLaunch?.(offer);
  }

  async #onUpdate(status: TaskStatusValid): Promise<void> {
    if (status.taskId.value !== this.#options.taskId) return;
    if (status.uuid.length > 0 && status.agentId !== undefined) {
      const acknowledge = { agentId: status.agentId, taskId: status.taskId, uuid: status.uuid };
      await this.#call({ type: scheduler.Call_Type.ACKNOWLEDGE, acknowledge });
    }
    this.#options.onStatus(status);
    if (!isTerminal(status.state)) return;
    // What a master answers knows the state, but not how it came about; the update itself may be on its way.
    const isAnswer = status.reason === TaskStatus_Reason.RECONCILIATION;
    const end = () => this.#ended.resolve(status);
    if (isAnswer) this.#options.clock.after(updateAgainMs, end, { background: true });
    else end();
  }
}
