/** What a leading master keeps of agents, frameworks, tasks, offers and operations: the nouns of the core. */
import type {
  AgentInfoValid,
  DrainInfoValid,
  ExecutorInfoValid,
  FrameworkInfoValid,
  InverseOfferValid,
  internal,
  OfferValid,
  OperationValid,
  Resources,
  scheduler,
  TaskValid,
  URLValid,
  UUIDValid,
} from '@orchestrator/mesos';
import type { BoundedMap } from './bounded-map.ts';
import type { FrameworkFigures } from './framework-figures.ts';

export interface TaskRecord {
  /** Changed in place as updates come: what the APIs show is what is kept. */
  readonly message: TaskValid;
  readonly taskId: string;
  readonly frameworkId: string;
  readonly agentId: string;
  /** Allocated to the role of the offer. */
  readonly resources: Resources;
  /** Its resources were given back: it is terminal, or its agent is away. */
  released: boolean;
  /** When its state last changed; milliseconds since 1970. */
  changedAtMs: number;
}

export interface ExecutorRecord {
  readonly info: ExecutorInfoValid;
  readonly resources: Resources;
}

/**
 * Text that an API has made of a record, kept with the record: a WeakMap of ten thousand would do the same, but the garbage
 * collector looks at all that is in one while everything waits.
 */
export interface RememberedText {
  /** What it was made of, none of which is ever changed in place: the text is right while these are the same. */
  readonly of: readonly unknown[];
  readonly text: string;
}

export interface OfferRecord {
  readonly message: OfferValid;
  readonly id: string;
  readonly frameworkId: string;
  readonly agentId: string;
  readonly role: string;
  readonly resources: Resources;
  /** As `/state` has it, once somebody has asked; offers never change. */
  shownAs: string | undefined;
}

export interface InverseOfferRecord {
  readonly message: InverseOfferValid;
  readonly id: string;
  readonly frameworkId: string;
  readonly agentId: string;
}

export interface OperationRecord {
  /** Changed in place. */
  readonly message: OperationValid;
  /** Hex of its UUID. */
  readonly uuid: string;
  /** Undefined for operations of operators. */
  readonly frameworkId: string | undefined;
  readonly agentId: string;
  /** What it takes, allocated to the framework's role; given back when it ends. */
  readonly consumed: Resources;
  released: boolean;
}

export interface AgentRecord {
  readonly id: string;
  info: AgentInfoValid;
  /** `slave(1)@10.0.0.2:5051` */
  pid: string;
  version: string;
  capabilities: ReadonlySet<string>;
  readonly registeredAtMs: number;
  reregisteredAtMs: number | undefined;
  /** Messages reach it, as far as is known. */
  connected: boolean;
  /** Offers may be made of it: connected, and neither deactivated nor draining. */
  active: boolean;
  deactivated: boolean;
  drainInfo: DrainInfoValid | undefined;
  drainStartedAtMs: number | undefined;
  /** All of it, reservations and volumes as they are now. */
  total: Resources;
  resourceVersion: UUIDValid | undefined;
  resourceProviders: internal.UpdateSlaveMessage_ResourceProviderValid[];
  /** By framework, then by id. */
  readonly tasks: Map<string, Map<string, TaskRecord>>;
  readonly executors: Map<string, Map<string, ExecutorRecord>>;
  /** By framework: what its tasks and executors hold. */
  readonly used: Map<string, Resources>;
  readonly offers: Set<OfferRecord>;
  readonly inverseOffers: Set<InverseOfferRecord>;
  readonly operations: Map<string, OperationRecord>;
  /** Kills that its tasks have not ended by yet, by framework and task. */
  readonly killsWaiting: Map<string, scheduler.Call_KillValid>;
  /** What frameworks have answered to inverse offers, by framework. */
  readonly inverseAnswers: Map<string, { readonly status: 'ACCEPT' | 'DECLINE'; readonly atMs: number }>;
  /** Pings that it has not answered yet. */
  unansweredPings: number;
  /** Of its API, once an offer has said it; undefined again when its pid or its info is another. */
  url: URLValid | undefined;
  /** As `/state` had it last. */
  shownAs: RememberedText | undefined;
}

/** Where a framework's events go. */
export type Connection =
  | { readonly kind: 'http'; readonly connectionId: string; readonly streamId: string }
  | { readonly kind: 'driver'; readonly pid: string };

export interface FrameworkRecord {
  readonly id: string;
  info: FrameworkInfoValid;
  roles: readonly string[];
  suppressedRoles: ReadonlySet<string>;
  offerConstraints: scheduler.OfferConstraintsValid | undefined;
  capabilities: ReadonlySet<string>;
  connection: Connection | undefined;
  active: boolean;
  /** Known from its tasks only: it has not subscribed with this master yet. */
  recovered: boolean;
  registeredAtMs: number | undefined;
  reregisteredAtMs: number | undefined;
  unregisteredAtMs: number | undefined;
  readonly tasks: Map<string, TaskRecord>;
  /** By agent: what its tasks and executors hold. */
  readonly used: Map<string, Resources>;
  readonly unreachableTasks: BoundedMap<TaskRecord>;
  readonly completedTasks: BoundedMap<TaskRecord>;
  readonly offers: Set<OfferRecord>;
  readonly inverseOffers: Set<InverseOfferRecord>;
  /** By uuid. */
  readonly operations: Map<string, OperationRecord>;
  readonly figures: FrameworkFigures;
}
