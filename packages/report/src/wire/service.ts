/** `orchestrator.monitor.v1.Monitor` in the form that gRPC libraries take, for those who call it and those who serve it. */
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  type AppMessage,
  AppMessageSchema,
  type ControlResponseSchema,
  type ProbeMessage,
  ProbeMessageSchema,
} from '../gen/orchestrator/monitor/v1/monitor_pb.ts';

/** What a probe may say, without the message around it. */
export type ProbeWord = NonNullable<MessageInitShape<typeof ProbeMessageSchema>['message']>;
/** What an app may say. */
export type AppWord = NonNullable<MessageInitShape<typeof AppMessageSchema>['message']>;
export type ControlAnswer = MessageInitShape<typeof ControlResponseSchema>;

export const probeMessage = (word: ProbeWord): ProbeMessage => create(ProbeMessageSchema, { message: word });
export const appMessage = (word: AppWord): AppMessage => create(AppMessageSchema, { message: word });

/** The one method: a stream of `ProbeMessage` up, one of `AppMessage` down. */
export const connectMethod = {
  path: '/orchestrator.monitor.v1.Monitor/Connect',
  requestStream: true,
  responseStream: true,
  requestSerialize: (message: ProbeMessage) => Buffer.from(toBinary(ProbeMessageSchema, message)),
  requestDeserialize: (bytes: Buffer) => fromBinary(ProbeMessageSchema, bytes),
  responseSerialize: (message: AppMessage) => Buffer.from(toBinary(AppMessageSchema, message)),
  responseDeserialize: (bytes: Buffer) => fromBinary(AppMessageSchema, bytes),
} as const;
