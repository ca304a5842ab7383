import type { JuteReader } from '../jute/reader.ts';
import type { JuteWriter } from '../jute/writer.ts';

/** What every answer carries, whatever it answers. */
export interface Reply {
  /** The transaction that a write made, or the last one that the server had applied when it read. */
  zxid: bigint;
  /** The request's number within its session, as the servers' transactions record it. */
  cxid: number;
}

/**
 * One request of the client protocol and how its answer is read. Requests and results carry paths as the caller sees
 * them; `chroot` ('' for none) stands before them on the wire.
 */
export interface Operation<Request, Result> {
  readonly name: string;
  readonly opCode: number;
  write(writer: JuteWriter, request: Request, chroot: string): void;
  /** Reads the reply's body. Everything that is kept must be copied: the bytes are used again. */
  read(reader: JuteReader, reply: Reply, chroot: string): Result;
}

/** What a request without arguments is given. */
export interface Nothing {
  readonly [key: string]: never;
}
