export { JuteError } from './jute/errors.ts';
export { JuteReader } from './jute/reader.ts';
export { JuteWriter } from './jute/writer.ts';
export { type Acl, openAcl, permissions } from './protocol/acl.ts';
export {
  clientCversion,
  type NodeKind,
  nextSequence,
  nodeKind,
  type PersistedStat,
  type Stat,
  ttlMs,
} from './protocol/stat.ts';
export type {
  CloseSessionOp,
  CreateOp,
  CreateSessionOp,
  DeleteOp,
  NoOp,
  SetAclOp,
  SetDataOp,
  Txn,
  TxnOp,
} from './protocol/txn.ts';
