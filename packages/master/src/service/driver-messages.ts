/** Events as the messages that drivers know, and old messages of drivers as calls. */
import { internal, type LocalProcess, makeMessage, scheduler } from '@orchestrator/mesos';
import type { DriverHints } from '../core/actions.ts';

const { Event_Type: type } = scheduler;

type Send = (
  schema: Parameters<LocalProcess['send']>[1],
  message: Parameters<LocalProcess['send']>[2],
) => void;

/** Sends an event to a driver. Heartbeats are for streams: a driver sees by its connection that the master lives. */
export function sendToDriver(
  event: scheduler.EventValid,
  hints: DriverHints | undefined,
  frameworkId: string,
  send: Send,
): void {
  const { subscribed, offers, inverseOffers, rescind, rescindInverseOffer, update, message, failure, error } =
    event;
  if (subscribed?.masterInfo !== undefined) {
    const { frameworkId, masterInfo } = subscribed;
    send(
      internal.FrameworkRegisteredMessageSchema,
      makeMessage(internal.FrameworkRegisteredMessageSchema, { frameworkId, masterInfo }),
    );
  } else if (offers !== undefined) {
    const pids = [...(hints?.pids ?? [])];
    const schema = internal.ResourceOffersMessageSchema;
    send(schema, makeMessage(schema, { offers: offers.offers, pids }));
  } else if (inverseOffers !== undefined) {
    const schema = internal.InverseOffersMessageSchema;
    send(schema, makeMessage(schema, { inverseOffers: inverseOffers.inverseOffers }));
  } else if (rescind !== undefined) {
    const schema = internal.RescindResourceOfferMessageSchema;
    send(schema, makeMessage(schema, { offerId: rescind.offerId }));
  } else if (rescindInverseOffer !== undefined) {
    const schema = internal.RescindInverseOfferMessageSchema;
    send(schema, makeMessage(schema, { inverseOfferId: rescindInverseOffer.inverseOfferId }));
  } else if (message !== undefined) {
    sendExecutorMessage(message, frameworkId, send);
  } else if (failure !== undefined) {
    sendFailure(failure, frameworkId, send);
  } else if (error !== undefined) {
    const schema = internal.FrameworkErrorMessageSchema;
    send(schema, makeMessage(schema, { message: error.message }));
  } else if (update === undefined && event.type === type.UPDATE_OPERATION_STATUS) {
    send(scheduler.EventSchema, event);
  }
}

/** UPDATE needs the framework's id, which the event does not hold. */
export function sendUpdateToDriver(
  frameworkId: string,
  { update }: scheduler.EventValid,
  hints: DriverHints | undefined,
  send: Send,
): void {
  const status = update?.status;
  if (status === undefined) return;
  const schema = internal.StatusUpdateMessageSchema;
  send(
    schema,
    makeMessage(schema, {
      update: {
        frameworkId: { value: frameworkId },
        status,
        timestamp: status.timestamp,
        ...(status.agentId === undefined ? {} : { agentId: status.agentId }),
        ...(status.executorId === undefined ? {} : { executorId: status.executorId }),
        ...(status.uuid.length === 0 ? {} : { uuid: status.uuid }),
      },
      // Without it the driver does not acknowledge.
      ...(hints?.updatePid === undefined ? {} : { pid: hints.updatePid }),
    }),
  );
}

function sendExecutorMessage(message: scheduler.Event_MessageValid, frameworkId: string, send: Send): void {
  const { agentId, executorId, data } = message;
  const schema = internal.ExecutorToFrameworkMessageSchema;
  send(schema, makeMessage(schema, { agentId, executorId, data, frameworkId: { value: frameworkId } }));
}

function sendFailure(
  { agentId, executorId, status }: scheduler.Event_FailureValid,
  frameworkId: string,
  send: Send,
): void {
  if (agentId === undefined) return;
  if (executorId === undefined) {
    const schema = internal.LostSlaveMessageSchema;
    send(schema, makeMessage(schema, { agentId }));
    return;
  }
  const schema = internal.ExitedExecutorMessageSchema;
  send(schema, makeMessage(schema, { agentId, executorId, status, frameworkId: { value: frameworkId } }));
}
