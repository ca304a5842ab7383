import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '@orchestrator/runtime/clock';
import { createMessageParser, type MessageParserOptions, type ParsedRequest } from './message-parser.ts';
import type { ProcessTable } from './process-table.ts';
import type { Upid } from './upid.ts';

export interface ServeConnectionOptions extends MessageParserOptions {
  processes: ProcessTable;
  /** Gets connections whose next request is not for us, with that request put back in front. */
  serveHttp: (socket: Duplex) => void;
  clock: Clock;
  /** Of each message, before it is delivered. */
  onMessage?: (from: Upid) => void;
  /** For a request that has begun to be whole; then the connection is closed. Default 60 000. */
  requestTimeoutMs?: number;
}

/** Answers that the peer does not read: more than this and nothing more is read from it. */
const mostUnreadBytes = 262_144;

const reasons = { 400: 'Bad Request', 413: 'Payload Too Large' } as const;

function answer(status: string, date: string, body = ''): string {
  const type = body === '' ? '' : 'Content-Type: text/plain; charset=utf-8\r\n';
  return `HTTP/1.1 ${status}\r\nDate: ${date}\r\n${type}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/**
 * Serves a connection for as long as libprocess messages come on it: 202 when there is such a process, 404 when there is
 * not. The first request that is something else takes the connection to the HTTP server, for good.
 */
export function serveConnection(socket: Duplex, options: ServeConnectionOptions): void {
  const { processes, serveHttp, clock, requestTimeoutMs = 60_000 } = options;
  const parser = createMessageParser(options);
  let queue: ParsedRequest[] = [];
  let busy = false;
  let patience: Timer | undefined;

  /** Reads no more until then. */
  function wait(until: Promise<void>): void {
    busy = true;
    socket.pause();
    until.then(() => {
      busy = false;
      work();
      if (!busy) socket.resume();
    });
  }

  /** The answer to one request; undefined when the connection is not ours any more. */
  function serve(request: ParsedRequest, date: string): string | undefined {
    if (request.kind === 'other') return undefined;
    if (request.kind === 'malformed') {
      return answer(`${request.status} ${reasons[request.status]}`, date, request.reason);
    }
    if (request.message.from !== undefined) options.onMessage?.(request.message.from);
    const known = processes.has(request.message.to);
    const pending = processes.deliver(request.message);
    if (pending instanceof Promise) wait(pending);
    return known ? answer('202 Accepted', date) : answer('404 Not Found', date, '404 Not Found.');
  }

  /** All that may be served now, with the answers in one write. */
  function work(): void {
    const date = new Date(clock.nowMs()).toUTCString();
    let answers = '';
    let done = 0;
    while (done < queue.length && !busy) {
      const request = queue[done];
      if (request === undefined) break;
      done += 1;
      const text = serve(request, date);
      answers += text ?? '';
      if (request.kind === 'other') {
        if (answers !== '') socket.write(answers);
        handOver(request.bytes);
        return;
      }
      if (request.kind === 'malformed' || request.close) {
        socket.end(answers);
        return;
      }
    }
    queue = queue.slice(done);
    if (answers === '' || socket.write(answers) || socket.writableLength <= mostUnreadBytes || busy) return;
    wait(new Promise((resolve) => socket.once('drain', resolve).once('close', resolve)));
  }

  /** Silence between requests may last: a linked peer keeps its connection without a word. Within one it may not. */
  function watchRequest(): void {
    if (parser.isWaiting) {
      patience ??= clock.after(requestTimeoutMs, () => socket.destroy(), { background: true });
    } else {
      patience?.cancel();
      patience = undefined;
    }
  }

  function handOver(bytes: Buffer): void {
    socket.off('data', read);
    socket.off('end', end);
    socket.off('error', ignore);
    socket.off('close', close);
    socket.pause();
    socket.unshift(bytes);
    serveHttp(socket);
    socket.resume();
  }

  function read(bytes: Buffer): void {
    queue.push(...parser.push(bytes));
    watchRequest();
    if (!busy) work();
  }

  // A peer that goes away is no matter of this side: its own link, or a ping, tells of it.
  const ignore = () => undefined;
  const end = () => void socket.end();
  const close = () => patience?.cancel();
  socket.on('error', ignore);
  socket.on('close', close);
  socket.on('data', read);
  socket.on('end', end);
}
