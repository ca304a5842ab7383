import type { MasterInfoValid } from '@orchestrator/mesos';
import type { Random } from '@orchestrator/runtime';
import type { Allocator } from '../allocator/allocator.ts';
import { MasterError } from '../errors.ts';
import type { Registry } from '../registrar/registry.ts';
import { markUnreachable, onAgentDisconnected, onPingDue } from './absence.ts';
import type { Action } from './actions.ts';
import { onAgentMessage } from './agent-messages.ts';
import { setWhitelist } from './agents.ts';
import type { Authorizer } from './authorizer.ts';
import { allowAll } from './authorizer.ts';
import { BoundedMap } from './bounded-map.ts';
import { handleCall } from './calls.ts';
import type { CoreOptions, MasterContext, MasterState, TimerEvent } from './context.ts';
import { Counters } from './counters.ts';
import type { CoreEvent } from './events.ts';
import { deactivateFramework, disconnectFramework, removeFramework, sameConnection } from './frameworks.ts';
import { makeInverseOffers, makeOffers, rescindOffer } from './offers.ts';
import { handleWrite } from './operator/writes.ts';
import type { Connection, FrameworkRecord } from './records.ts';
import {
  collectGarbage,
  maybeResumeOffers,
  onReregisterDeadline,
  recover,
  resumeOffers,
} from './recovery.ts';
import { changeFramework, subscribe } from './subscribe.ts';
import { Timers } from './timers.ts';

export interface MasterCoreOptions extends Partial<Omit<CoreOptions, 'masterInfo' | 'authorizer'>> {
  readonly masterInfo: MasterInfoValid;
  /** Default: everybody may do everything. */
  readonly authorizer?: Authorizer;
  readonly allocator: Allocator;
  /** For the ids of operations. */
  readonly random: Random;
  /** As of the last operation that was decided. */
  readonly registry: () => Registry;
}

const minuteMs = 60_000;
/** That offers are made of in one event: some ten milliseconds with the writing. The others are due in the next one. */
const mostAgentsAtOnce = 250;

const defaults = {
  authorizer: allowAll,
  agentScheme: 'http',
  agentPingTimeoutMs: 15_000,
  maxAgentPingTimeouts: 5,
  agentReregisterTimeoutMs: 10 * minuteMs,
  recoveryAgentRemovalLimit: 1,
  agentRemovalIntervalMs: undefined,
  offerTimeoutMs: undefined,
  maxCompletedFrameworks: 50,
  maxCompletedTasksPerFramework: 1000,
  maxUnreachableTasksPerFramework: 1000,
  registryMaxAgentCount: 102_400,
  registryMaxAgentAgeMs: 14 * 24 * 60 * minuteMs,
  registryGcIntervalMs: 15 * minuteMs,
  recoveryFactor: 0.8,
  recoveryTimeoutMs: 10 * minuteMs,
  requiresAgentDomain: false,
  roles: undefined,
  firstWeights: new Map<string, number>(),
  allowsRoot: true,
} satisfies Omit<CoreOptions, 'masterInfo'>;

function emptyState(options: CoreOptions): MasterState {
  return {
    agents: new Map(),
    agentIdByPid: new Map(),
    recoveredAgents: new Map(),
    unreachableAgents: new Map(),
    goneAgents: new Map(),
    transitions: new Map(),
    frameworks: new Map(),
    frameworkIdByPid: new Map(),
    completedFrameworks: new BoundedMap(options.maxCompletedFrameworks),
    offers: new Map(),
    inverseOffers: new Map(),
    whitelist: undefined,
    machines: new Map(),
    machinesSeen: new Set(),
    recoveredCount: 0,
    isWaitingForAgents: false,
    nextAgentNumber: 0,
    nextFrameworkNumber: 0,
    nextOfferNumber: 0,
    lastRemovalAtMs: undefined,
  };
}

/**
 * The master without its sockets: an event goes in, what is to be done comes out. It holds no clock, reads nothing and waits
 * for nothing, so that a test can put it through any order of events. What must be stored before it counts is asked for as
 * an action, and goes on with the event that answers it.
 */
export class MasterCore {
  readonly #context: MasterContext;

  constructor({ allocator, random, registry, ...given }: MasterCoreOptions) {
    const options: CoreOptions = { ...defaults, ...given };
    this.#context = {
      ...{ options, allocator, random, registry },
      state: emptyState(options),
      timers: new Timers<TimerEvent>(),
      counters: new Counters(),
      writes: new Map(),
      nextToken: 1,
      isWatched: true,
      nowMs: 0,
      steadyMs: 0,
      actions: [],
    };
  }

  /** For the APIs to read between events; only the core changes it. */
  get state(): MasterState {
    return this.#context.state;
  }

  get counters(): Counters {
    return this.#context.counters;
  }

  get options(): CoreOptions {
    return this.#context.options;
  }

  /** Whether anybody hears operator events; without listeners none are made. */
  setWatched(isWatched: boolean): void {
    this.#context.isWatched = isWatched;
  }

  /** When a `tick` is due, by the steady clock; undefined when nothing waits for time to pass. */
  nextDueMs(): number | undefined {
    return this.#context.timers.nextDueMs();
  }

  /** When an `allocate` is due; undefined when it would come to nothing. */
  nextAllocationMs(steadyMs: number): number | undefined {
    return this.#context.allocator.nextDueMs(steadyMs);
  }

  /**
   * @param nowMs - milliseconds since 1970, for timestamps
   * @param steadyMs - of a clock that cannot be set, for deadlines; default: the same
   * @throws MasterError `precondition` when the master must end (too many agents did not come back)
   */
  handle(event: CoreEvent, nowMs: number, steadyMs: number = nowMs): readonly Action[] {
    const context = this.#context;
    context.nowMs = nowMs;
    context.steadyMs = Math.max(steadyMs, context.steadyMs);
    context.actions = [];
    try {
      this.#handle(context, event);
    } catch (error) {
      // What comes from outside must not end the master: the event is given up, and said to be.
      if (error instanceof MasterError && error.code === 'precondition') throw error;
      this.#giveUp(context, event, error);
    }
    return context.actions;
  }

  #giveUp(context: MasterContext, event: CoreEvent, error: unknown): void {
    context.actions.push({ type: 'defect', event: event.type, error });
    if (event.type !== 'operator' && event.type !== 'update-framework') return;
    const message = error instanceof Error ? error.message : String(error);
    const { requestId } = event;
    context.actions.push({ type: 'answer', requestId, answer: { status: 400, message } });
  }

  #handle(context: MasterContext, event: CoreEvent): void {
    const { state } = context;
    switch (event.type) {
      case 'recovered':
        recover(context);
        return;
      case 'agent-message':
        onAgentMessage(context, event.pid, event.message, event.principal);
        return;
      case 'agent-disconnected': {
        const agent = state.agents.get(state.agentIdByPid.get(event.pid) ?? '');
        if (agent) onAgentDisconnected(context, agent);
        return;
      }
      case 'subscribe':
        subscribe(context, event.connection, event.call, event.force === true);
        return;
      case 'call': {
        const framework = state.frameworks.get(event.frameworkId);
        if (framework) handleCall(context, framework, event.call);
        return;
      }
      case 'update-framework': {
        const framework = state.frameworks.get(event.frameworkId);
        const { requestId } = event;
        const answer =
          framework === undefined
            ? ({ status: 400, message: 'Framework cannot be found' } as const)
            : changeFramework(context, framework, event.call);
        context.actions.push({ type: 'answer', requestId, answer });
        return;
      }
      case 'framework-disconnected': {
        const framework = this.frameworkOn(event.connection);
        if (framework) disconnectFramework(context, framework);
        return;
      }
      case 'framework-deactivated': {
        const framework = state.frameworks.get(state.frameworkIdByPid.get(event.pid) ?? '');
        if (framework) deactivateFramework(context, framework);
        return;
      }
      case 'operator': {
        const { requestId, principal, write } = event;
        handleWrite(context, write, principal, (answer) => {
          context.actions.push({ type: 'answer', requestId, answer });
        });
        return;
      }
      case 'whitelist':
        setWhitelist(context, event.hostnames);
        return;
      case 'registry-done':
        this.#stored(context, event);
        return;
      case 'tick':
        this.#tick(context);
        return;
      case 'allocate': {
        const { offers, inverseOffers } = context.allocator.allocate(context.steadyMs, mostAgentsAtOnce);
        makeOffers(context, offers);
        makeInverseOffers(context, inverseOffers);
        return;
      }
    }
  }

  /** The framework that is subscribed on a connection. */
  frameworkOn(connection: Connection): FrameworkRecord | undefined {
    const { frameworks, frameworkIdByPid } = this.#context.state;
    if (connection.kind === 'driver') return frameworks.get(frameworkIdByPid.get(connection.pid) ?? '');
    for (const framework of frameworks.values()) {
      if (sameConnection(framework.connection, connection)) return framework;
    }
    return undefined;
  }

  #stored(context: MasterContext, { token, outcome }: Extract<CoreEvent, { type: 'registry-done' }>): void {
    const then = context.writes.get(token);
    context.writes.delete(token);
    then?.(outcome);
    maybeResumeOffers(context);
  }

  #tick(context: MasterContext): void {
    for (;;) {
      const due = context.timers.takeDue(context.steadyMs);
      if (due === undefined) return;
      this.#due(context, due);
    }
  }

  #due(context: MasterContext, due: TimerEvent): void {
    const { state } = context;
    switch (due.type) {
      case 'ping':
      case 'unreachable': {
        const agent = state.agents.get(due.agentId);
        const act = due.type === 'ping' ? onPingDue : markUnreachable;
        if (agent) act(context, agent);
        return;
      }
      case 'reregister-deadline':
        onReregisterDeadline(context);
        return;
      case 'recovery-timeout':
        resumeOffers(context);
        return;
      case 'failover': {
        const framework = state.frameworks.get(due.frameworkId);
        if (framework) removeFramework(context, framework, 'its failover time-out has passed');
        return;
      }
      case 'offer': {
        const offer = state.offers.get(due.offerId);
        if (offer) rescindOffer(context, offer);
        return;
      }
      case 'registry-gc':
        collectGarbage(context);
        return;
    }
  }
}
