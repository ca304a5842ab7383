/** What every scheduler call must hold, in Mesos' words. */
import { isUuid, scheduler } from '@orchestrator/mesos';

const { Call_Type: type } = scheduler;

const bodies: Partial<
  Record<scheduler.Call_Type, readonly [field: keyof scheduler.CallValid, name: string]>
> = {
  [type.ACCEPT]: ['accept', 'accept'],
  [type.DECLINE]: ['decline', 'decline'],
  [type.ACCEPT_INVERSE_OFFERS]: ['acceptInverseOffers', 'accept_inverse_offers'],
  [type.DECLINE_INVERSE_OFFERS]: ['declineInverseOffers', 'decline_inverse_offers'],
  [type.KILL]: ['kill', 'kill'],
  [type.SHUTDOWN]: ['shutdown', 'shutdown'],
  [type.ACKNOWLEDGE]: ['acknowledge', 'acknowledge'],
  [type.ACKNOWLEDGE_OPERATION_STATUS]: ['acknowledgeOperationStatus', 'acknowledge_operation_status'],
  [type.RECONCILE]: ['reconcile', 'reconcile'],
  [type.RECONCILE_OPERATIONS]: ['reconcileOperations', 'reconcile_operations'],
  [type.MESSAGE]: ['message', 'message'],
  [type.REQUEST]: ['request', 'request'],
  [type.UPDATE_FRAMEWORK]: ['updateFramework', 'update_framework'],
};

const expecting = (name: string) => `Expecting '${name}' to be present`;

function uuidError(uuid: Uint8Array | undefined): string | undefined {
  return uuid === undefined || isUuid(uuid) ? undefined : 'Not a valid UUID';
}

/** Why the call is none; undefined for one that can be carried out. */
export function callError(call: scheduler.CallValid): string | undefined {
  if (!Object.hasOwn(call, 'type')) return expecting('type');
  const id = call.frameworkId?.value;
  if (call.type === type.SUBSCRIBE) {
    if (call.subscribe === undefined) return expecting('subscribe');
    const own = call.subscribe.frameworkInfo.id?.value;
    return own === id ? undefined : "'framework_id' differs from 'subscribe.framework_info.id'";
  }
  if (id === undefined) return expecting('framework_id');
  const body = bodies[call.type];
  if (body !== undefined && call[body[0]] === undefined) return expecting(body[1]);
  if (call.updateFramework !== undefined && call.updateFramework.frameworkInfo.id?.value !== id) {
    return "'framework_id' differs from 'update_framework.framework_info.id'";
  }
  return uuidError(call.acknowledge?.uuid) ?? uuidError(call.acknowledgeOperationStatus?.uuid);
}
