import { type ErrorCode, errorCode, requestError, ZooKeeperError } from '../errors.ts';
import type { JuteReader } from '../jute/reader.ts';
import type { JuteWriter } from '../jute/writer.ts';
import { withoutChroot } from '../protocol/path.ts';
import { readStat, type Stat } from '../protocol/stat.ts';
import { type CheckRequest, writeCheck } from './check.ts';
import { type CreateRequest, createOpCode, writeCreate } from './create.ts';
import { type DeleteRequest, writeDelete } from './delete.ts';
import type { Operation, Reply } from './operation.ts';
import { type SetDataRequest, writeSetData } from './set-data.ts';

/** One operation of a multi. `create2` (3.5) gives the new node's Stat too. */
export type MultiOp =
  | ({ kind: 'create' | 'create2' } & CreateRequest)
  | ({ kind: 'delete' } & DeleteRequest)
  | ({ kind: 'setData' } & SetDataRequest)
  | ({ kind: 'check' } & CheckRequest);

/** What became of one operation: `path` of a create, `stat` of a create2 or setData. */
export interface MultiOpResult {
  path?: string;
  stat?: Stat;
}

export interface MultiSuccess extends Reply {
  ok: true;
  /** One per operation, in order. */
  results: MultiOpResult[];
}

export interface MultiFailure extends Reply {
  ok: false;
  /** Position of the operation that failed; none of the others took effect. */
  index: number;
  code: ErrorCode;
  /** Code of each operation: `undefined` before `index`, `RuntimeInconsistency` (not tried) after it. */
  codes: (ErrorCode | undefined)[];
}

export type MultiOutcome = MultiSuccess | MultiFailure;

/** A multi that the server refused as a whole because one operation failed. */
export class MultiError extends ZooKeeperError {
  override readonly name = 'MultiError';
  readonly index: number;
  readonly codes: readonly (ErrorCode | undefined)[];

  constructor(failure: MultiFailure, ops: readonly { kind: string; path: string }[]) {
    const op = ops[failure.index];
    const cause = requestError(failure.code, { op: op?.kind, path: op?.path });
    super(failure.code, `multi of ${ops.length}: operation ${failure.index} failed: ${cause.message}`, {
      op: 'multi',
      path: op?.path,
      zxid: failure.zxid,
      cxid: failure.cxid,
    });
    this.index = failure.index;
    this.codes = failure.codes;
  }
}

const opCodes = {
  delete: 2,
  setData: 5,
  check: 13,
  error: -1,
  create: 1,
  create2: 15,
  createContainer: 19,
  createTtl: 21,
} as const;

function writeOp(writer: JuteWriter, op: MultiOp, chroot: string): void {
  if (op.kind === 'setData') {
    writeHeader(writer, opCodes.setData);
    writeSetData(writer, op, chroot);
  } else if (op.kind === 'delete') {
    writeHeader(writer, opCodes.delete);
    writeDelete(writer, op, chroot);
  } else if (op.kind === 'check') {
    writeHeader(writer, opCodes.check);
    writeCheck(writer, op, chroot);
  } else {
    writeHeader(writer, createOpCode(op.mode, op.kind === 'create2'));
    writeCreate(writer, op, chroot);
  }
}

/** MultiHeader: int type | bool done | int err */
export function writeHeader(writer: JuteWriter, opCode: number): void {
  writer.int(opCode).bool(false).int(-1);
}

export function writeEnd(writer: JuteWriter): void {
  writer.int(-1).bool(true).int(-1);
}

function readOpResult(reader: JuteReader, opCode: number, chroot: string): MultiOpResult {
  switch (opCode) {
    case opCodes.setData:
      return { stat: readStat(reader) };
    case opCodes.create:
      return { path: withoutChroot(chroot, reader.string()) };
    case opCodes.create2:
    case opCodes.createContainer:
    case opCodes.createTtl:
      return { path: withoutChroot(chroot, reader.string()), stat: readStat(reader) };
    case opCodes.delete:
    case opCodes.check:
      return {};
    default:
      throw new ZooKeeperError('ProtocolError', `multi reply holds a result of unknown type ${opCode}`);
  }
}

/** Reads what follows the header of a failed operation. ErrorResponse: int err */
function readErrorResult(reader: JuteReader): ErrorCode | undefined {
  return errorCode(reader.int());
}

function readOutcome(reader: JuteReader, reply: Reply, chroot: string): MultiOutcome {
  const { zxid, cxid } = reply;
  const results: MultiOpResult[] = [];
  const codes: (ErrorCode | undefined)[] = [];
  for (;;) {
    const opCode = reader.int();
    const done = reader.bool();
    reader.int();
    if (done) break;
    if (opCode === opCodes.error) codes.push(readErrorResult(reader));
    else results.push(readOpResult(reader, opCode, chroot));
  }
  if (codes.length === 0) return { ok: true, results, zxid, cxid };
  const index = Math.max(
    0,
    codes.findIndex((code) => code !== undefined),
  );
  return { ok: false, index, code: codes[index] ?? 'ApiError', codes, zxid, cxid };
}

/**
 * MultiRequest: repeated { MultiHeader | request of that type } | MultiHeader done
 * MultiResponse: repeated { MultiHeader | response of that type, or ErrorResponse for type -1 } | MultiHeader done
 */
export const multi: Operation<{ ops: readonly MultiOp[] }, MultiOutcome> = {
  name: 'multi',
  opCode: 14,
  write(writer, request, chroot) {
    for (const op of request.ops) writeOp(writer, op, chroot);
    writeEnd(writer);
  },
  read: readOutcome,
};
