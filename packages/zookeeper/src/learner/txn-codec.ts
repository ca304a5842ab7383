/**
 * TxnLogEntry: TxnHeader | record by type | TxnDigest (3.6 and later, unless switched off)
 * TxnHeader:   long clientId | int cxid | long zxid | long time | int type
 * TxnDigest:   int version | long treeDigest
 *
 * The stream of a leader and the log files of a server hold this same form, with small differences from 3.4 to 3.9.
 */
import { JuteError } from '../jute/errors.ts';
import { JuteReader } from '../jute/reader.ts';
import { JuteWriter } from '../jute/writer.ts';
import { type Acl, openAcl, readAcl, writeAcl } from '../protocol/acl.ts';
import { containerOwner, ttlOwner } from '../protocol/stat.ts';
import type { CreateOp, NoOp, Txn, TxnOp } from '../protocol/txn.ts';

export const txnType = {
  createSession: -10,
  closeSession: -11,
  error: -1,
  create: 1,
  delete: 2,
  setData: 5,
  setAcl: 7,
  check: 13,
  multi: 14,
  create2: 15,
  reconfig: 16,
  createContainer: 19,
  deleteContainer: 20,
  createTtl: 21,
} as const;

const digestVersion = 2;
const digestBytes = 12;
const noOp: NoOp = { kind: 'none' };

const encodedOpenAcl = new JuteWriter().vector(openAcl, writeAcl).take();

/** Most nodes carry the open ACL; comparing its bytes is cheaper than decoding it, and all share one object. */
function readAclList(reader: JuteReader): readonly Acl[] {
  return reader.takeIf(encodedOpenAcl) ? openAcl : reader.vector(readAcl, 12);
}

/** create, create2: str path | buf data | vec<ACL> acl | bool ephemeral | int parentCVersion (absent in logs before 3.4) */
function readCreate(reader: JuteReader, sessionId: bigint): CreateOp {
  const path = reader.string();
  const data = reader.buffer();
  const acl = readAclList(reader);
  const ephemeralOwner = reader.bool() ? sessionId : 0n;
  const parentCversion = reader.remaining >= 4 ? reader.int() : -1;
  return { kind: 'create', path, data, acl, ephemeralOwner, parentCversion };
}

/** createContainer: str path | buf data | vec<ACL> acl | int parentCVersion; createTTL: the same, then long ttl */
function readMarkedCreate(reader: JuteReader, type: number): CreateOp {
  const path = reader.string();
  const data = reader.buffer();
  const acl = readAclList(reader);
  const parentCversion = reader.int();
  const ephemeralOwner = type === txnType.createTtl ? ttlOwner(reader.long()) : containerOwner;
  return { kind: 'create', path, data, acl, ephemeralOwner, parentCversion };
}

/**
 * vec<str> paths2Delete from 3.6 on. Empty before, and where `closeSessionTxn.enabled=false`; then a digest may follow at
 * once, which no vector of paths can be mistaken for: two paths take more than its 12 bytes.
 */
function readClosedPaths(reader: JuteReader): readonly string[] | null {
  if (reader.remaining === 0 || reader.remaining === digestBytes) return null;
  return reader.vector((item) => item.string(), 4);
}

/** multi: vec<{int type | buf data}>; one part of type error means that none of the parts took effect. */
function readMulti(reader: JuteReader, sessionId: bigint): readonly TxnOp[] {
  const parts = reader.vector((item) => ({ type: item.int(), data: item.buffer() }), 8);
  const errors = parts.filter((part) => part.type === txnType.error);
  if (errors.length > 0) {
    const codes = errors.map((part) => (part.data === null ? 0 : new JuteReader(part.data).int()));
    return [{ kind: 'none', error: codes.find((code) => code !== 0) ?? 0 }];
  }
  return parts.flatMap((part) => {
    if (part.data === null) throw new JuteError(`part of a multi, type ${part.type}, has no record`);
    return readRecord(new JuteReader(part.data), part.type, sessionId);
  });
}

function readRecord(reader: JuteReader, type: number, sessionId: bigint): readonly TxnOp[] {
  switch (type) {
    case txnType.setData:
    case txnType.reconfig:
      return [{ kind: 'setData', path: reader.string(), data: reader.buffer(), version: reader.int() }];
    case txnType.create:
    case txnType.create2:
      return [readCreate(reader, sessionId)];
    case txnType.createContainer:
    case txnType.createTtl:
      return [readMarkedCreate(reader, type)];
    case txnType.delete:
    case txnType.deleteContainer:
      return [{ kind: 'delete', path: reader.string() }];
    case txnType.setAcl:
      return [{ kind: 'setAcl', path: reader.string(), acl: readAclList(reader), aversion: reader.int() }];
    case txnType.multi:
      return readMulti(reader, sessionId);
    case txnType.createSession:
      return [{ kind: 'createSession', timeoutMs: reader.int() }];
    case txnType.closeSession:
      return [{ kind: 'closeSession', paths: readClosedPaths(reader) }];
    case txnType.error:
      return [{ kind: 'none', error: reader.int() }];
    case txnType.check:
      reader.string();
      reader.int();
      return [noOp];
    default:
      throw new JuteError(`transaction type ${type} is not known (3.4 to 3.9 are)`);
  }
}

function readDigest(reader: JuteReader): bigint | undefined {
  if (reader.remaining < digestBytes) return undefined;
  const version = reader.int();
  const digest = reader.long();
  return version === digestVersion ? digest : undefined;
}

/**
 * Decodes one transaction. Data in it are views of `bytes`: copy what is to be kept for long.
 *
 * @throws JuteError when the bytes are not a transaction of 3.4 to 3.9
 */
export function decodeTxn(bytes: Buffer): Txn {
  const reader = new JuteReader(bytes);
  const sessionId = reader.long();
  const cxid = reader.int();
  const zxid = reader.long();
  const timeMs = reader.longAsNumber();
  const type = reader.int();
  const ops = readRecord(reader, type, sessionId);
  const digest = readDigest(reader);
  return digest === undefined
    ? { zxid, sessionId, cxid, timeMs, ops }
    : { zxid, sessionId, cxid, timeMs, ops, digest };
}
