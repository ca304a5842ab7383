import { GrowingBuffer } from '../bytes/growing-buffer.ts';
import { type BodyReader, chunkedBody, MalformedBody, sizedBody } from './body.ts';
import { type MessageAddress, messageAddress, parseHead, type RequestHead } from './head.ts';

export interface ReceivedMessage extends MessageAddress {
  /** A view of what was received: copy what is to be kept for long. */
  body: Buffer;
}

export type ParsedRequest =
  | { kind: 'message'; message: ReceivedMessage; close: boolean }
  /** Not for us: everything from its first byte on, for the HTTP server. */
  | { kind: 'other'; bytes: Buffer }
  | { kind: 'malformed'; status: 400 | 413; reason: string };

export interface MessageParser {
  /** Requests that are whole now, in order. After `other` or `malformed` nothing more is parsed. */
  push(bytes: Buffer): ParsedRequest[];
  /** A request has begun and is not whole. */
  readonly isWaiting: boolean;
}

export interface MessageParserOptions {
  /** Default 64 MiB: an agent that re-registers brings all its tasks. */
  largestMessageBytes?: number;
}

const headEnd = Buffer.from('\r\n\r\n');
const post = Buffer.from('POST ');
/** A head that is longer is for the HTTP server to refuse. */
const longestHead = 16_384;

function bodyReader(head: RequestHead, largestBytes: number): BodyReader {
  if (head.headers.get('transfer-encoding')?.toLowerCase() === 'chunked') return chunkedBody(largestBytes);
  const length = head.headers.get('content-length') ?? '0';
  if (!/^\d{1,15}$/.test(length)) throw new MalformedBody(400, `${JSON.stringify(length)} is no length`);
  return sizedBody(Number(length), largestBytes);
}

const wantsClose = ({ version, headers }: RequestHead) => {
  const connection = headers.get('connection')?.toLowerCase();
  return connection === 'close' || (version === 'HTTP/1.0' && connection !== 'keep-alive');
};

/**
 * Tells libprocess messages from other requests on one connection, and reads them:
 *
 *     POST /slave(1)/mesos.internal.PingSlaveMessage HTTP/1.1
 *     Libprocess-From: slave-observer(1)@10.0.0.1:5050
 *     Transfer-Encoding: chunked        (left out when there is no body)
 */
export function createMessageParser(options: MessageParserOptions = {}): MessageParser {
  const { largestMessageBytes = 64 * 1024 * 1024 } = options;
  const received = new GrowingBuffer();
  let current: { head: RequestHead; address: MessageAddress; body: BodyReader; bodyAt: number } | undefined;
  let ended = false;

  function other(): ParsedRequest {
    ended = true;
    return { kind: 'other', bytes: received.bytes };
  }

  /** Whether the head that these bytes begin with is whole and of a message. */
  function readHead(pending: Buffer): 'more' | 'other' | 'message' {
    const compared = Math.min(pending.length, post.length);
    if (pending.compare(post, 0, compared, 0, compared) !== 0) return 'other';
    const end = pending.indexOf(headEnd);
    if (end === -1) return pending.length > longestHead ? 'other' : 'more';
    const head = parseHead(pending.toString('latin1', 0, end));
    const address = head && messageAddress(head.method, head.path, (name) => head.headers.get(name));
    if (head === undefined || address === undefined) return 'other';
    // Its sender waits for a word before the body, which the HTTP server has.
    if (head.headers.has('expect')) return 'other';
    current = { head, address, body: bodyReader(head, largestMessageBytes), bodyAt: end + headEnd.length };
    return 'message';
  }

  function next(): ParsedRequest | undefined {
    if (received.length === 0) return undefined;
    const pending = received.bytes;
    if (current === undefined && readHead(pending) === 'other') return other();
    if (current === undefined) return undefined;
    const { head, address, body, bodyAt } = current;
    const end = body.read(pending, bodyAt);
    if (end === -1) return undefined;
    const message = { ...address, body: body.take() };
    received.take(end);
    current = undefined;
    return { kind: 'message', message, close: wantsClose(head) };
  }

  return {
    get isWaiting() {
      return !ended && received.length > 0;
    },
    push(bytes) {
      if (ended) return [];
      received.append(bytes);
      const requests: ParsedRequest[] = [];
      try {
        for (let request = next(); request !== undefined; request = ended ? undefined : next()) {
          requests.push(request);
        }
      } catch (error) {
        if (!(error instanceof MalformedBody)) throw error;
        ended = true;
        requests.push({ kind: 'malformed', status: error.status, reason: error.message });
      }
      return requests;
    },
  };
}
