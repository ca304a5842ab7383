import { type ErrorCode, errorCode, requestError, serverError, ZooKeeperError } from '../errors.ts';
import type { JuteReader } from '../jute/reader.ts';
import type { JuteWriter } from '../jute/writer.ts';
import type { Operation, Reply } from '../operations/operation.ts';

export interface RequestHooks<Result> {
  /** For errors: the path as the caller gave it. */
  path?: string;
  /** Called while the reply is read, before any later frame: `undefined` for success. */
  onReply?(code: ErrorCode | undefined): void;
  /** Turns an error that is an answer into a result. */
  recover?(code: ErrorCode, reply: Reply): Result | undefined;
}

/** A request from submission to settlement, as the connection sees it: without its types. */
export interface PendingRequest {
  cxid: number;
  /** When it was sent, on the clock's monotonic time; kept only while somebody listens to the diagnostics. */
  sentMs: number;
  readonly name: string;
  readonly path: string | undefined;
  /** Writes the frame's body: RequestHeader { int xid | int type } | request. */
  encode(writer: JuteWriter, chroot: string): void;
  /** Reads what follows the ReplyHeader and settles. */
  settle(errorNumber: number, reader: JuteReader, reply: Reply, chroot: string): void;
  fail(code: ErrorCode, cause?: unknown): void;
  failWith(error: unknown): void;
}

const noHooks = {};

export class Request<Body, Result> implements PendingRequest {
  cxid = 0;
  sentMs = 0;
  readonly promise: Promise<Result>;
  readonly #operation: Operation<Body, Result>;
  readonly #body: Body;
  readonly #hooks: RequestHooks<Result>;
  #resolve!: (result: Result) => void;
  #reject!: (error: unknown) => void;

  constructor(operation: Operation<Body, Result>, body: Body, hooks: RequestHooks<Result> = noHooks) {
    this.#operation = operation;
    this.#body = body;
    this.#hooks = hooks;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get name(): string {
    return this.#operation.name;
  }

  get path(): string | undefined {
    return this.#hooks.path;
  }

  encode(writer: JuteWriter, chroot: string): void {
    writer.int(this.cxid).int(this.#operation.opCode);
    this.#operation.write(writer, this.#body, chroot);
  }

  settle(errorNumber: number, reader: JuteReader, reply: Reply, chroot: string): void {
    if (errorNumber === 0) {
      const result = this.#operation.read(reader, reply, chroot);
      this.#hooks.onReply?.(undefined);
      this.#resolve(result);
      return;
    }
    const code = errorCode(errorNumber) ?? 'ApiError';
    this.#hooks.onReply?.(code);
    const recovered = this.#hooks.recover?.(code, reply);
    if (recovered !== undefined) this.#resolve(recovered);
    else
      this.#reject(
        serverError(errorNumber, { op: this.name, path: this.path, zxid: reply.zxid, cxid: reply.cxid }),
      );
  }

  fail(code: ErrorCode, cause?: unknown): void {
    this.failWith(
      requestError(code, { op: this.name, path: this.path, cxid: this.cxid || undefined, cause }),
    );
  }

  failWith(error: unknown): void {
    this.#hooks.onReply?.(error instanceof ZooKeeperError ? error.code : 'ApiError');
    this.#reject(error);
  }
}
