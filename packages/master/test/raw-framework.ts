/** A framework at the level of requests and records, for tests of what is said and what must not be said. */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { createRecordDecoder } from '@orchestrator/mesos';
import { waitFor } from '@orchestrator/testing';

export interface RawEvent {
  readonly type: string;
  readonly [body: string]: unknown;
}

export interface Said {
  readonly status: number;
  readonly text: string;
}

interface Master {
  readonly host: string;
  readonly port: number;
}

const path = '/api/v1/scheduler';
const json = { 'Content-Type': 'application/json', Accept: 'application/json' };

export class RawFramework {
  readonly events: RawEvent[] = [];
  readonly #master: Master;
  /** Called with each event. */
  readonly #onEvent: (event: RawEvent) => void;
  streamId = '';
  hasEnded = false;
  #request: ClientRequest | undefined;
  response: IncomingMessage | undefined;

  constructor(master: Master, onEvent: (event: RawEvent) => void = () => undefined) {
    this.#master = master;
    this.#onEvent = onEvent;
  }

  get id(): string {
    const subscribed = this.events.find(({ type }) => type === 'SUBSCRIBED')?.subscribed;
    return (subscribed as { framework_id: { value: string } } | undefined)?.framework_id.value ?? '';
  }

  /** Resolves with the first event. */
  async subscribe(frameworkInfo: object, more: object = {}): Promise<RawEvent> {
    const body = JSON.stringify({ type: 'SUBSCRIBE', subscribe: { framework_info: frameworkInfo }, ...more });
    const decoder = createRecordDecoder();
    const take = (part: Buffer) => {
      for (const record of decoder.push(part)) {
        const event = JSON.parse(record.toString()) as RawEvent;
        this.events.push(event);
        this.#onEvent(event);
      }
    };
    const request = httpRequest({ ...this.#master, path, method: 'POST', headers: json, agent: false });
    this.#request = request;
    request.on('response', (response) => {
      this.response = response;
      this.streamId = String(response.headers['mesos-stream-id']);
      response.on('data', take);
      response.on('close', () => {
        this.hasEnded = true;
      });
      response.on('error', () => undefined); // cut off by us, or by the master
    });
    request.on('error', () => {
      this.hasEnded = true;
    });
    request.end(body);
    await waitFor(() => this.events.length > 0 || this.hasEnded, { what: 'the first event' });
    return this.events[0] ?? { type: 'none' };
  }

  /** Any other call; the ids are added. */
  async call(call: object, streamId = this.streamId): Promise<Said> {
    const response = await fetch(`http://${this.#master.host}:${this.#master.port}${path}`, {
      method: 'POST',
      headers: { ...json, 'Mesos-Stream-Id': streamId },
      body: JSON.stringify({ framework_id: { value: this.id }, ...call }),
    });
    return { status: response.status, text: await response.text() };
  }

  async heard(type: string, count = 1): Promise<RawEvent> {
    const find = () => this.events.filter((event) => event.type === type)[count - 1];
    await waitFor(() => find() !== undefined, { what: `${type} number ${count}` });
    return find() ?? { type: 'none' };
  }

  /** Cuts the connection. */
  close(): void {
    this.#request?.destroy();
  }
}
