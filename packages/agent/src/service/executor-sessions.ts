/** The streams of events to executors. */
import type { ServerResponse } from 'node:http';
import {
  type BodyFormat,
  encodeBody,
  encodeRecord,
  makeMessage,
  executor as protocol,
} from '@orchestrator/mesos';
import type { Clock, Timer } from '@orchestrator/runtime/clock';

/** Bytes that wait for an executor that does not read; then its stream ends, and it subscribes anew. */
const mostWaitingBytes = 64 * 1024 * 1024;
const heartbeatIntervalMs = 1_800_000;

interface Session {
  response: ServerResponse;
  format: BodyFormat;
  heartbeat: Timer | undefined;
}

export class ExecutorSessions {
  readonly #clock: Clock;
  readonly #sessions = new Map<string, Session>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Replaces the session of the same container. `onEnd` is not called for one that was replaced. */
  open(containerId: string, response: ServerResponse, format: BodyFormat, onEnd: () => void): void {
    this.close(containerId);
    const session: Session = { response, format, heartbeat: undefined };
    this.#sessions.set(containerId, session);
    response.on('error', () => response.destroy());
    response.on('close', () => {
      session.heartbeat?.cancel();
      if (this.#sessions.get(containerId) !== session) return;
      this.#sessions.delete(containerId);
      onEnd();
    });
    this.#beat(containerId, session);
  }

  send(containerId: string, event: protocol.EventValid): void {
    const session = this.#sessions.get(containerId);
    if (session === undefined) return;
    const { response, format } = session;
    if (response.writableLength > mostWaitingBytes) response.destroy();
    else response.write(encodeRecord(encodeBody(format, protocol.EventSchema, event)));
  }

  close(containerId: string): void {
    const session = this.#sessions.get(containerId);
    if (session === undefined) return;
    this.#sessions.delete(containerId);
    session.heartbeat?.cancel();
    session.response.end();
  }

  closeAll(): void {
    for (const containerId of [...this.#sessions.keys()]) this.close(containerId);
  }

  #beat(containerId: string, session: Session): void {
    const beat = () => {
      this.send(containerId, makeMessage(protocol.EventSchema, { type: protocol.Event_Type.HEARTBEAT }));
      this.#beat(containerId, session);
    };
    session.heartbeat = this.#clock.after(heartbeatIntervalMs, beat, { background: true });
  }
}
