import { serverError } from '../errors.ts';
import type { JuteReader } from '../jute/reader.ts';
import type { JuteWriter } from '../jute/writer.ts';

export interface ConnectRequest {
  /** A server that has not seen this transaction yet refuses the connection. */
  lastZxidSeen: bigint;
  sessionTimeoutMs: number;
  /** 0 asks for a new session. */
  sessionId: bigint;
  password: Uint8Array;
  canBeReadOnly: boolean;
}

/** ConnectRequest: int protocolVersion (0) | long lastZxidSeen | int timeOut | long sessionId | buffer passwd | bool readOnly */
export function writeConnectRequest(writer: JuteWriter, request: ConnectRequest): void {
  writer.int(0).long(request.lastZxidSeen).int(request.sessionTimeoutMs).long(request.sessionId);
  writer.buffer(request.password).bool(request.canBeReadOnly);
}

export interface ConnectResponse {
  /** What the server made of the timeout asked for; 0 says that the session has expired. */
  sessionTimeoutMs: number;
  sessionId: bigint;
  password: Buffer;
  /** The server is cut off from its quorum. */
  readOnly: boolean;
}

/** A reply's header without a body: what some servers refuse a connection with. */
const refusalBytes = 16;

/**
 * Throws what the server refuses with, `NotReadOnly` for example.
 *
 * ConnectResponse: int protocolVersion | int timeOut | long sessionId | buffer passwd | bool readOnly
 */
export function readConnectResponse(reader: JuteReader): ConnectResponse {
  if (reader.remaining === refusalBytes) {
    reader.int();
    const zxid = reader.long();
    throw serverError(reader.int(), { op: 'connect', zxid });
  }
  reader.int();
  const sessionTimeoutMs = reader.int();
  const sessionId = reader.long();
  const password = reader.bufferCopy() ?? Buffer.alloc(16);
  const readOnly = reader.remaining > 0 && reader.bool();
  return { sessionTimeoutMs, sessionId, password, readOnly };
}
