import { type ErrorCode, errorCode, ZooKeeperError } from '../errors.ts';
import type { JuteReader } from '../jute/reader.ts';
import { withChroot } from '../protocol/path.ts';
import { type GetChildrenResult, getChildren, readGetChildren } from './get-children.ts';
import { type GetDataResult, getData, readGetData } from './get-data.ts';
import { writeEnd, writeHeader } from './multi.ts';
import type { Operation, Reply } from './operation.ts';

export interface MultiReadOp {
  kind: 'getData' | 'getChildren';
  path: string;
}

/** Each read succeeds or fails by itself. */
export type MultiReadItem =
  | ({ kind: 'getData' } & GetDataResult)
  | ({ kind: 'getChildren' } & GetChildrenResult)
  | { kind: 'error'; code: ErrorCode };

export interface MultiReadResult extends Reply {
  /** One per read, in order. */
  results: MultiReadItem[];
}

function readItem(reader: JuteReader, opCode: number, reply: Reply): MultiReadItem {
  switch (opCode) {
    case -1:
      return { kind: 'error', code: errorCode(reader.int()) ?? 'ApiError' };
    case getData.opCode:
      return { kind: 'getData', ...readGetData(reader, reply) };
    case getChildren.opCode:
      return { kind: 'getChildren', ...readGetChildren(reader, reply) };
    default:
      throw new ZooKeeperError('ProtocolError', `multiRead reply holds a result of unknown type ${opCode}`);
  }
}

/** Since 3.6. Wire grammar as of a multi, with the requests of getData and getChildren. */
export const multiRead: Operation<{ ops: readonly MultiReadOp[] }, MultiReadResult> = {
  name: 'multiRead',
  opCode: 22,
  write(writer, request, chroot) {
    for (const op of request.ops) {
      writeHeader(writer, op.kind === 'getData' ? getData.opCode : getChildren.opCode);
      writer.string(withChroot(chroot, op.path)).bool(false);
    }
    writeEnd(writer);
  },
  read(reader, reply) {
    const results: MultiReadItem[] = [];
    for (;;) {
      const opCode = reader.int();
      const done = reader.bool();
      reader.int();
      if (done) return { results, zxid: reply.zxid, cxid: reply.cxid };
      results.push(readItem(reader, opCode, reply));
    }
  },
};
