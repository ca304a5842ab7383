import { channel } from 'node:diagnostics_channel';
import type { ErrorCode } from './errors.ts';
import type { ConnectionState } from './session/state.ts';

/** On `orchestrator.zookeeper.state`: a client's connection changed its state. */
export interface StateMessage {
  readonly sessionId: bigint;
  readonly state: ConnectionState;
  /** `host:port`, while connected. */
  readonly server: string | undefined;
  readonly cause: Error | undefined;
}

/** On `orchestrator.zookeeper.attempt`: an attempt at a server failed. */
export interface AttemptMessage {
  readonly server: string;
  readonly error: Error;
}

/** On `orchestrator.zookeeper.request`: a request was answered, or its connection broke. */
export interface RequestMessage {
  readonly op: string;
  readonly path: string | undefined;
  readonly cxid: number;
  readonly server: string;
  /** From its encoding to its answer. */
  readonly durationMs: number;
  /** `undefined` for success. */
  readonly code: ErrorCode | undefined;
}

/** What a library has instead of a logger: subscribe with `node:diagnostics_channel`. Free of cost without a subscriber. */
export const diagnostics = {
  state: channel('orchestrator.zookeeper.state'),
  attempt: channel('orchestrator.zookeeper.attempt'),
  request: channel('orchestrator.zookeeper.request'),
} as const;

/** Names of the channels, for subscribers. */
export const diagnosticChannels = {
  state: 'orchestrator.zookeeper.state',
  attempt: 'orchestrator.zookeeper.attempt',
  request: 'orchestrator.zookeeper.request',
} as const;
