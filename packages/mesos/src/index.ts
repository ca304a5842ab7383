// biome-ignore-all assist/source/organizeImports: grouped by subject, in the order of the README

// Messages: the common types by their own names, the rest by the protocol they belong to.
export * as authentication from './generated/mesos/internal/authentication_pb.ts';
export * as internal from './generated/mesos/internal/messages_pb.ts';
export * as registry from './generated/mesos/internal/registry_pb.ts';
export * as agent from './generated/mesos/v1/agent/agent_pb.ts';
export * from './generated/mesos/v1/allocator/allocator_pb.ts';
export * from './generated/mesos/v1/cluster_pb.ts';
export * from './generated/mesos/v1/container_pb.ts';
export * as executor from './generated/mesos/v1/executor/executor_pb.ts';
export * as maintenance from './generated/mesos/v1/maintenance/maintenance_pb.ts';
export * as master from './generated/mesos/v1/master/master_pb.ts';
export * from './generated/mesos/v1/offer_pb.ts';
export * from './generated/mesos/v1/provider_pb.ts';
export * as quota from './generated/mesos/v1/quota/quota_pb.ts';
export * from './generated/mesos/v1/resource_pb.ts';
export * as resourceProvider from './generated/mesos/v1/resource_provider/resource_provider_pb.ts';
export * as scheduler from './generated/mesos/v1/scheduler/scheduler_pb.ts';
export * from './generated/mesos/v1/statistics_pb.ts';
export * from './generated/mesos/v1/task_pb.ts';
export * from './generated/mesos/v1/values_pb.ts';
export { create, isFieldSet, type MessageShape } from '@bufbuild/protobuf';

// Making, reading and writing them in protobuf; the small types in them.
export { MesosError, type MesosErrorCode, type MesosErrorOptions } from './errors.ts';
export { type DriverCall, decodeDriverCall } from './messages/driver-call.ts';
export { formatDuration, parseDuration } from './messages/duration.ts';
export { madeWhenRead } from './messages/long-list.ts';
export { nameOfEnum } from './messages/enum-name.ts';
export { ipFromNumber, ipToNumber } from './messages/ip.ts';
export {
  decodeMessage,
  encodeMessage,
  makeMessage,
  requireFields,
  type Valid,
} from './messages/message.ts';
export { missingFields } from './messages/required.ts';
export type { Parts } from './bytes/block-writer.ts';
export { encodeMessageParts } from './protobuf/write-parts.ts';
export { isTerminal } from './messages/task-state.ts';
export { formatUuid, isUuid, newUuidBytes } from './messages/uuid.ts';

// JSON with Mesos' rules.
export type { JsonNames } from './json/names.ts';
export { parseJson } from './json/parse.ts';
export { type ReadJsonOptions, readJson, readJsonValue } from './json/read.ts';
export { double, type Json, jsonText, RawJson } from './json/json-text.ts';
export { doubleText } from './json/scalar-text.ts';
export { type WriteJsonChunksOptions, writeJsonChunks } from './json/write-chunks.ts';
export { type WriteJsonOptions, writeJson } from './json/write.ts';

// Resources: the compact form that sums and differences are made on.
export type { ResourceEntry } from './resources/entry.ts';
export { type ResourceFormat, setResourceFormat, setResourceFormats } from './resources/format.ts';
export {
  isAllocatableTo,
  isDynamicallyReserved,
  isPersistentVolume,
  isReserved,
  type KindFacts,
  makeKind,
  type ResourceKind,
  reservationRole,
} from './resources/kind.ts';
export { applyOperation, conversionsOf, type ResourceConversion } from './resources/operation.ts';
export { formatAmount } from './resources/print.ts';
export { Resources } from './resources/resources.ts';
export { isInSubtree, isStrictSubrole, roleError } from './resources/roles.ts';
export { formatThousandths, fromThousandths, toThousandths } from './resources/scalar.ts';
export { resourceError } from './resources/validate.ts';

// Streams of records.
export { createRecordDecoder, type RecordDecoder, type RecordDecoderOptions } from './recordio/decode.ts';
export { encodeRecord } from './recordio/encode.ts';

// libprocess: messages between masters, agents, drivers and old executors.
export { type AuthenticateOptions, authenticate } from './authentication/authenticatee.ts';
export {
  type Authenticator,
  type AuthenticatorOptions,
  createAuthenticator,
} from './authentication/authenticator.ts';
export {
  createMessageHttpHandler,
  type MessageHttpHandler,
  type MessageHttpHandlerOptions,
} from './libprocess/http-handler.ts';
export {
  createLibprocess,
  type Libprocess,
  type LibprocessOptions,
  type LocalProcess,
} from './libprocess/libprocess.ts';
export type { ReceivedMessage } from './libprocess/message-parser.ts';
export type { MessageHandler } from './libprocess/process-table.ts';
export {
  type MessageRoute,
  onBytes,
  onMessage,
  type RouteMessagesOptions,
  routeMessages,
} from './libprocess/routes.ts';
export { createSharedServer, type SharedServerOptions } from './libprocess/shared-server.ts';
export { readTls, type Tls, type TlsSetting, tlsSettings, tlsVariables } from './libprocess/tls.ts';
export { addressOf, equalUpids, formatUpid, parseUpid, type Upid } from './libprocess/upid.ts';

// Who may do what: ACLs, credentials, and who sends a request.
export type { AclAction } from './access/acl-actions.ts';
export { type Acls, noAcls, parseAcls } from './access/acls.ts';
export {
  type Credential,
  type Credentials,
  parseCredential,
  parseCredentials,
} from './access/credentials.ts';
export { createIdentify, type Identify, type IdentifyOptions } from './access/identify.ts';

// Flags of daemons, from wherever they are given.
export { FlagError, FlagReader, type WrongFlag } from './flags/flag-reader.ts';
export { type FlagSources, readGivenFlags } from './flags/flag-sources.ts';
export * as flagFacts from './flags/flag-facts.ts';
export { flagRows } from './flags/flag-rows.ts';
export { loopback, ownAddress, withinLookupTime } from './flags/own-address.ts';
export {
  completeFlags,
  currentFlagName,
  type FlagFacts,
  type FlagProgram,
  type Flags,
  type FlagTable,
  flagsWithoutEffect,
  withoutSecrets,
} from './flags/flag-table.ts';

// What a server makes of a request, and how it answers.
export { type BodyFormat, encodeBody, mediaTypes, recordMediaType } from './http/format.ts';
export {
  type Exchange,
  readBody,
  sendBody,
  sendJson,
  sendMethodNotAllowed,
  sendText,
} from './http/exchange.ts';
export { BlockPool, inBlocks } from './bytes/blocks.ts';
export { type SendOptions, sendChunks } from './http/send-chunks.ts';
export { answerFormat, callFormat, HttpRefusal, readCall } from './http/negotiate.ts';
export { requestTarget } from './http/request-target.ts';

// Clients of the v1 APIs.
export { type AgentClient, type AgentClientOptions, createAgentClient } from './clients/agent-client.ts';
export {
  createFixedDetector,
  createHostListDetector,
  equalLeaders,
  type HostListDetectorOptions,
  type Leader,
  type MasterDetector,
} from './clients/detector.ts';
export {
  createExecutorClient,
  type ExecutorClient,
  type ExecutorClientOptions,
} from './clients/executor-client.ts';
export {
  type ExecutorEnvironment,
  readExecutorEnvironment,
} from './clients/executor-environment.ts';
export { createMasterClient, type MasterClient, type MasterClientOptions } from './clients/master-client.ts';
export {
  createSchedulerClient,
  type SchedulerClient,
  type SchedulerClientOptions,
} from './clients/scheduler-client.ts';
export { readTlsTransport } from './clients/tls-transport.ts';
export type { TransportOptions } from './clients/transport.ts';
