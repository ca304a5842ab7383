import type { MasterInfoValid, scheduler } from '@orchestrator/mesos';
import type { Random } from '@orchestrator/runtime';
import type { Allocator } from '../allocator/allocator.ts';
import type { MachineState } from '../registrar/maintenance.ts';
import type { RegistryOperation } from '../registrar/operations.ts';
import type { RegistryOutcome } from '../registrar/registrar.ts';
import type { Registry } from '../registrar/registry.ts';
import type { Action, AgentMessages, DriverHints } from './actions.ts';
import type { Authorizer } from './authorizer.ts';
import type { BoundedMap } from './bounded-map.ts';
import type { Counters } from './counters.ts';
import { count } from './framework-figures.ts';
import type { AgentRecord, FrameworkRecord, InverseOfferRecord, OfferRecord } from './records.ts';
import type { Timers } from './timers.ts';

/** What an operator decides. */
export interface CoreSettings {
  /** Default 15 000. */
  readonly agentPingTimeoutMs: number;
  /** Pings in a row without an answer until an agent counts as unreachable. Default 5. */
  readonly maxAgentPingTimeouts: number;
  /** How long agents of the registry have to come back after a failover. Default 600 000. */
  readonly agentReregisterTimeoutMs: number;
  /** The part of the recovered agents that may be marked unreachable after a failover; more end the master. Default 1. */
  readonly recoveryAgentRemovalLimit: number;
  /** At least so long between two agents that are marked unreachable. Default: no limit. */
  readonly agentRemovalIntervalMs: number | undefined;
  /** Default: offers stay. */
  readonly offerTimeoutMs: number | undefined;
  readonly maxCompletedFrameworks: number;
  readonly maxCompletedTasksPerFramework: number;
  readonly maxUnreachableTasksPerFramework: number;
  /** Unreachable and gone agents are forgotten when they are more than so many, or older than so long. */
  readonly registryMaxAgentCount: number;
  readonly registryMaxAgentAgeMs: number;
  readonly registryGcIntervalMs: number;
  /** With quotas, the part of a former leader's agents that has to be back before anything is offered. Default 0.8. */
  readonly recoveryFactor: number;
  /** The longest wait for them. Default 600 000. */
  readonly recoveryTimeoutMs: number;
  /** Agents that say no domain are not let in. Default false. */
  readonly requiresAgentDomain: boolean;
  /** That frameworks may be in. Default: any. */
  readonly roles: ReadonlySet<string> | undefined;
  /** Of roles, where the registry has none yet. Default: none. */
  readonly firstWeights: ReadonlyMap<string, number>;
  /** Frameworks may run as root. Default true. */
  readonly allowsRoot: boolean;
}

export interface CoreOptions extends CoreSettings {
  readonly masterInfo: MasterInfoValid;
  readonly authorizer: Authorizer;
  /** Of the URLs of agents in offers. Default http. */
  readonly agentScheme: 'http' | 'https';
}

/** Agents on their way from one list to another; what concerns them waits, or is not answered. */
export type Transition =
  | 'registering'
  | 'reregistering'
  | 'marking-unreachable'
  | 'marking-gone'
  | 'removing';

export interface MasterState {
  readonly agents: Map<string, AgentRecord>;
  /** By the address of a registered agent: its id. */
  readonly agentIdByPid: Map<string, string>;
  /** Admitted under an earlier leader and not back yet. */
  readonly recoveredAgents: Map<string, { readonly hostname: string }>;
  /** How many there were; 0 once their time is over. */
  recoveredCount: number;
  /** Offers wait for agents of the former leader. */
  isWaitingForAgents: boolean;
  /** Since when; nanoseconds since 1970. */
  readonly unreachableAgents: Map<string, bigint>;
  readonly goneAgents: Map<string, bigint>;
  /** By agent id, or by pid for agents that have none yet. */
  readonly transitions: Map<string, Transition>;
  readonly frameworks: Map<string, FrameworkRecord>;
  readonly frameworkIdByPid: Map<string, string>;
  readonly completedFrameworks: BoundedMap<FrameworkRecord>;
  readonly offers: Map<string, OfferRecord>;
  readonly inverseOffers: Map<string, InverseOfferRecord>;
  /** Host names of the agents that may be offered; undefined: all. */
  whitelist: ReadonlySet<string> | undefined;
  machines: ReadonlyMap<string, MachineState>;
  /** That were ever scheduled while this master leads: they are up, not unknown. */
  readonly machinesSeen: Set<string>;
  nextAgentNumber: number;
  nextFrameworkNumber: number;
  nextOfferNumber: number;
  /** When the last agent was let go by the rate limit. */
  lastRemovalAtMs: number | undefined;
}

export type TimerEvent =
  | { readonly type: 'ping'; readonly agentId: string }
  | { readonly type: 'unreachable'; readonly agentId: string }
  | { readonly type: 'reregister-deadline' }
  /** Offers are made although agents are missing. */
  | { readonly type: 'recovery-timeout' }
  | { readonly type: 'failover'; readonly frameworkId: string }
  | { readonly type: 'offer'; readonly offerId: string }
  | { readonly type: 'registry-gc' };

/** What every part of the core works on during one event. */
export interface MasterContext {
  readonly options: CoreOptions;
  readonly state: MasterState;
  readonly allocator: Allocator;
  readonly timers: Timers<TimerEvent>;
  readonly counters: Counters;
  readonly random: Random;
  /** As of the last operation that was decided. */
  readonly registry: () => Registry;
  /** Registry operations under way, with what is to be done then. */
  readonly writes: Map<number, (outcome: RegistryOutcome) => void>;
  nextToken: number;
  /** Somebody hears what operators are told. */
  isWatched: boolean;
  /** Milliseconds since 1970, of this event: for what others read. The clock may have been set since the last one. */
  nowMs: number;
  /** For deadlines: never goes back, and forward only as time passes. */
  steadyMs: number;
  actions: Action[];
}

export function toAgent<Name extends keyof AgentMessages>(
  context: MasterContext,
  pid: string,
  name: Name,
  message: AgentMessages[Name],
): void {
  // The name and the message belong together by the signature.
  context.actions.push({ type: 'to-agent', pid, message: { name, message } as never });
}

/** To a framework that is connected; others hear of it when they ask. */
export function toFramework(
  context: MasterContext,
  framework: FrameworkRecord,
  event: scheduler.EventValid,
  hints?: DriverHints,
): void {
  const { connection } = framework;
  if (connection === undefined) return;
  count(framework.figures.events, event.type);
  context.actions.push({
    type: 'to-framework',
    connection,
    event,
    ...(hints === undefined ? {} : { hints }),
  });
}

/** Stores an operation; `then` runs in a later event, when much may have changed. */
export function write(
  context: MasterContext,
  operation: RegistryOperation,
  then: (outcome: RegistryOutcome) => void,
): void {
  const token = context.nextToken++;
  context.writes.set(token, then);
  context.actions.push({ type: 'registry', token, operation });
}

export function log(
  context: MasterContext,
  level: 'info' | 'warn',
  message: string,
  fields: object = {},
): void {
  context.actions.push({ type: 'log', level, message, fields });
}

export const nanosecondsOf = (ms: number) => BigInt(Math.round(ms * 1000)) * 1000n;

/** A random UUID (version 4) as its 16 bytes. */
export function randomUuid(random: Random): Uint8Array {
  const bytes = new Uint8Array(16);
  for (let index = 0; index < bytes.length; index++) bytes[index] = random.below(256);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes;
}
