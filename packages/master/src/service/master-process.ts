/** The libprocess process `master`: messages of agents and drivers become events. */
import {
  authentication,
  type createAuthenticator,
  decodeDriverCall,
  formatUpid,
  internal,
  type MessageRoute,
  makeMessage,
  onBytes,
  onMessage,
  scheduler,
  setResourceFormats,
  type Upid,
} from '@orchestrator/mesos';
import type { Logger } from '@orchestrator/runtime';
import { callError } from '../api/call-validation.ts';
import type { CoreEvent } from '../core/events.ts';
import { MasterError } from '../errors.ts';
import type { LeadershipGate } from './leadership-gate.ts';
import type { LeadingMaster } from './leading-master.ts';

export interface MasterProcessOptions {
  /** Undefined while this master does not lead: other messages are dropped, and their senders look for the leader again. */
  readonly leading: () => LeadingMaster | undefined;
  /** Where agents wait that register before this master leads. */
  readonly gate: LeadershipGate;
  readonly authenticator: ReturnType<typeof createAuthenticator> | undefined;
  readonly requiresAgents: boolean;
  readonly requiresFrameworks: boolean;
  readonly logger: Logger;
}

const fromAgents = {
  RegisterSlaveMessage: internal.RegisterSlaveMessageSchema,
  ReregisterSlaveMessage: internal.ReregisterSlaveMessageSchema,
  UnregisterSlaveMessage: internal.UnregisterSlaveMessageSchema,
  StatusUpdateMessage: internal.StatusUpdateMessageSchema,
  ExitedExecutorMessage: internal.ExitedExecutorMessageSchema,
  ExecutorToFrameworkMessage: internal.ExecutorToFrameworkMessageSchema,
  UpdateSlaveMessage: internal.UpdateSlaveMessageSchema,
  UpdateOperationStatusMessage: internal.UpdateOperationStatusMessageSchema,
  PongSlaveMessage: internal.PongSlaveMessageSchema,
} as const;

function countMessage(
  { core }: LeadingMaster,
  principal: string | undefined,
  what: 'received' | 'processed',
): void {
  if (principal !== undefined && principal !== '')
    core.counters.add(`frameworks/${principal}/messages_${what}`);
}

/** Principals that are remembered; a peer that was forgotten authenticates again. */
const mostPrincipals = 200_000;

export function masterRoutes(options: MasterProcessOptions): MessageRoute[] {
  const { leading, authenticator, logger } = options;
  const principals = new Map<string, string>();

  const agentRoutes = Object.entries(fromAgents).map(([name, schema]) =>
    onMessage(schema, (message, from) => {
      const pid = formatUpid(from);
      const principal = principals.get(pid);
      const registers = name === 'RegisterSlaveMessage' || name === 'ReregisterSlaveMessage';
      if (registers && options.requiresAgents && principal === undefined) {
        logger.warn('agent is not authenticated', { upid: pid });
        return;
      }
      const event = { type: 'agent-message', pid, principal, message: { name, message } } as const;
      const master = leading();
      if (master !== undefined) master.handle(event as CoreEvent);
      else if (registers) return options.gate.wait().then((soon) => soon?.handle(event as CoreEvent));
    }),
  );

  const refuse = (from: Upid, message: string) => {
    logger.warn('driver refused', { upid: formatUpid(from), message });
    leading()?.sendTo(
      from,
      internal.FrameworkErrorMessageSchema,
      makeMessage(internal.FrameworkErrorMessageSchema, { message }),
    );
  };

  const onFrameworkCall = (
    master: LeadingMaster,
    call: scheduler.CallValid,
    from: Upid,
    caller: string | undefined,
  ) => {
    const pid = formatUpid(from);
    const frameworkId = call.frameworkId?.value ?? '';
    /** Asked for anew when the call has waited: the framework may have gone. */
    const carryOut = () => {
      if (master.core.frameworkOn({ kind: 'driver', pid })?.id !== frameworkId) {
        master.core.counters.add('master/dropped_messages');
        return;
      }
      countMessage(master, caller, 'processed');
      master.handle({ type: 'call', frameworkId, call });
    };
    const principal = master.core.state.frameworks.get(frameworkId)?.info.principal ?? '';
    try {
      const turn = master.throttle.turn(principal);
      if (turn === undefined) carryOut();
      else turn.then(carryOut).catch((error: unknown) => logger.error('call lost', { upid: pid, error }));
    } catch (error) {
      if (!(error instanceof MasterError)) throw error;
      refuse(from, error.message);
    }
  };

  const onCall = (call: scheduler.CallValid, force: boolean, from: Upid) => {
    const master = leading();
    if (master === undefined) return;
    const pid = formatUpid(from);
    setResourceFormats(scheduler.CallSchema, call, 'stack');
    const error = callError(call);
    if (error !== undefined) return refuse(from, error);
    const caller = principals.get(pid) ?? call.subscribe?.frameworkInfo.principal;
    countMessage(master, caller, 'received');
    if (call.type === scheduler.Call_Type.SUBSCRIBE && call.subscribe !== undefined) {
      countMessage(master, caller, 'processed');
      const principal = principals.get(pid);
      const claimed = call.subscribe.frameworkInfo.principal;
      if (options.requiresFrameworks && principal === undefined) {
        return refuse(from, `Framework at ${pid} is not authenticated`);
      }
      if (principal !== undefined && claimed !== '' && claimed !== principal) {
        return refuse(
          from,
          `Framework principal '${claimed}' does not match authenticated principal '${principal}'`,
        );
      }
      return master.handle({
        type: 'subscribe',
        connection: { kind: 'driver', pid },
        call: call.subscribe,
        force,
      });
    }
    onFrameworkCall(master, call, from, caller);
  };

  return [
    ...agentRoutes,
    onBytes('mesos.scheduler.Call', (body, from) => {
      const { call, force } = decodeDriverCall(body);
      onCall(call, force, from);
    }),
    onMessage(internal.DeactivateFrameworkMessageSchema, (_message, from) => {
      leading()?.core.counters.add('master/messages_deactivate_framework');
      leading()?.handle({ type: 'framework-deactivated', pid: formatUpid(from) });
    }),
    ...oldDriverRoutes(onCall),
    onMessage(authentication.AuthenticateMessageSchema, ({ pid }, from) => {
      leading()?.core.counters.add('master/messages_authenticate');
      if (authenticator === undefined) {
        const error = 'No authenticator loaded';
        const schema = authentication.AuthenticationErrorMessageSchema;
        leading()?.sendTo(from, schema, makeMessage(schema, { error }));
        return;
      }
      // Not awaited: the rest of the exchange comes on the same connection.
      authenticator.authenticate(from).then(
        (principal) => {
          if (principal === undefined) return;
          if (principals.size >= mostPrincipals) principals.delete(principals.keys().next().value ?? '');
          principals.set(pid, principal);
        },
        (error: unknown) => logger.warn('authentication went wrong', { upid: pid, error }),
      );
    }),
  ];
}

/** What drivers from before `mesos.scheduler.Call` say, as the calls that it became. */
function oldDriverRoutes(
  onCall: (call: scheduler.CallValid, force: boolean, from: Upid) => void,
): MessageRoute[] {
  const { Call_Type: type } = scheduler;
  const send = (
    init: Parameters<typeof makeMessage<typeof scheduler.CallSchema>>[1],
    from: Upid,
    force = false,
  ) => onCall(makeMessage(scheduler.CallSchema, init), force, from);
  return [
    onMessage(internal.RegisterFrameworkMessageSchema, ({ framework }, from) =>
      send({ type: type.SUBSCRIBE, subscribe: { frameworkInfo: framework } }, from),
    ),
    onMessage(internal.ReregisterFrameworkMessageSchema, ({ framework, failover }, from) => {
      const frameworkId = framework.id;
      const subscribe = { frameworkInfo: framework };
      send(
        { type: type.SUBSCRIBE, subscribe, ...(frameworkId === undefined ? {} : { frameworkId }) },
        from,
        failover,
      );
    }),
    onMessage(internal.UnregisterFrameworkMessageSchema, ({ frameworkId }, from) =>
      send({ type: type.TEARDOWN, frameworkId }, from),
    ),
    onMessage(internal.LaunchTasksMessageSchema, ({ frameworkId, tasks, filters, offerIds }, from) =>
      send(
        {
          type: type.ACCEPT,
          frameworkId,
          accept: { offerIds, filters, operations: [{ type: 1, launch: { taskInfos: tasks } }] },
        },
        from,
      ),
    ),
    onMessage(internal.ReviveOffersMessageSchema, ({ frameworkId, roles }, from) =>
      send({ type: type.REVIVE, frameworkId, revive: { roles } }, from),
    ),
    onMessage(internal.KillTaskMessageSchema, ({ frameworkId, taskId, killPolicy }, from) =>
      send(
        {
          type: type.KILL,
          frameworkId,
          kill: { taskId, ...(killPolicy === undefined ? {} : { killPolicy }) },
        },
        from,
      ),
    ),
    onMessage(
      internal.StatusUpdateAcknowledgementMessageSchema,
      ({ frameworkId, agentId, taskId, uuid }, from) =>
        send({ type: type.ACKNOWLEDGE, frameworkId, acknowledge: { agentId, taskId, uuid } }, from),
    ),
    onMessage(internal.FrameworkToExecutorMessageSchema, ({ frameworkId, agentId, executorId, data }, from) =>
      send({ type: type.MESSAGE, frameworkId, message: { agentId, executorId, data } }, from),
    ),
    onMessage(internal.ReconcileTasksMessageSchema, ({ frameworkId, statuses }, from) => {
      const tasks = statuses.map(({ taskId, agentId }) => ({
        taskId,
        ...(agentId === undefined ? {} : { agentId }),
      }));
      send({ type: type.RECONCILE, frameworkId, reconcile: { tasks } }, from);
    }),
  ];
}
