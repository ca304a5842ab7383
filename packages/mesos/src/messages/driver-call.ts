import { create } from '@bufbuild/protobuf';
import { CallSchema as DriverCallSchema } from '../generated/mesos/scheduler/driver_pb.ts';
import { Call_SubscribeSchema, CallSchema } from '../generated/mesos/v1/scheduler/scheduler_pb.ts';
import { decodeMessage, requireFields, type Valid } from './message.ts';

export interface DriverCall {
  call: Valid<typeof CallSchema>;
  /** SUBSCRIBE of a driver that is to take over from whoever is subscribed with the same framework id. */
  force: boolean;
}

/** Reads the libprocess message `mesos.scheduler.Call`: the v1 call but for the numbers in SUBSCRIBE. */
export function decodeDriverCall(bytes: Uint8Array): DriverCall {
  const { subscribe, $typeName: _driver, ...rest } = decodeMessage(DriverCallSchema, bytes);
  const call = create(CallSchema, rest);
  if (subscribe === undefined) return { call: requireFields(CallSchema, call), force: false };
  const { frameworkInfo, suppressedRoles, offerConstraints } = subscribe;
  const body = { frameworkInfo, suppressedRoles };
  call.subscribe = create(
    Call_SubscribeSchema,
    offerConstraints === undefined ? body : { ...body, offerConstraints },
  );
  return { call: requireFields(CallSchema, call), force: subscribe.force };
}
