export {
  type CreateOptions,
  type Data,
  type ExistsResult,
  type ReadOptions,
  ZooKeeperClient,
} from './client.ts';
export { type ConnectOptions, connect } from './connect.ts';
export {
  type AttemptMessage,
  diagnosticChannels,
  type RequestMessage,
  type StateMessage,
} from './diagnostics.ts';
export { type ErrorCode, type ErrorDetail, ZooKeeperError } from './errors.ts';
export { JuteError } from './jute/errors.ts';
export { JuteReader } from './jute/reader.ts';
export { JuteWriter } from './jute/writer.ts';
export { mirror, type ObserverEvent } from './learner/events.ts';
export { type Observer, observe } from './learner/observer.ts';
export type { ObserverOptions } from './learner/observer-options.ts';
export { probeLeader } from './learner/probe.ts';
export type { SpoolOptions } from './learner/spool.ts';
export { decodeTxn } from './learner/txn-codec.ts';
export type { GetAclResult } from './operations/acl.ts';
export type { ReconfigRequest } from './operations/config.ts';
export type { Create2Result, CreateResult } from './operations/create.ts';
export type { CreateMode } from './operations/create-mode.ts';
export type { StatResult } from './operations/exists.ts';
export type { GetAllChildrenNumberResult } from './operations/get-all-children-number.ts';
export type { GetChildren2Result, GetChildrenResult } from './operations/get-children.ts';
export type { GetDataResult } from './operations/get-data.ts';
export type { GetEphemeralsResult } from './operations/get-ephemerals.ts';
export {
  MultiError,
  type MultiFailure,
  type MultiOp,
  type MultiOpResult,
  type MultiOutcome,
  type MultiSuccess,
} from './operations/multi.ts';
export type { MultiReadItem, MultiReadOp, MultiReadResult } from './operations/multi-read.ts';
export type { Reply } from './operations/operation.ts';
export type { WatcherType } from './operations/watches.ts';
export type { ClientInfo, WhoAmIResult } from './operations/who-am-i.ts';
export { type Acl, digestId, openAcl, permissions } from './protocol/acl.ts';
export { childPath, parentPath, pathProblem } from './protocol/path.ts';
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
export { epochOf, formatZxid } from './protocol/zxid.ts';
export {
  type AtomicChange,
  type AtomicLongOptions,
  DistributedAtomicLong,
} from './recipes/distributed-atomic-long.ts';
export { DistributedBarrier } from './recipes/distributed-barrier.ts';
export { DistributedDoubleBarrier } from './recipes/distributed-double-barrier.ts';
export { GroupMember, type GroupMemberOptions } from './recipes/group-member.ts';
export { InterProcessMutex, type Lease, type MutexOptions } from './recipes/inter-process-mutex.ts';
export { LeaderLatch, type LeaderLatchOptions, type Participant } from './recipes/leader-latch.ts';
export {
  LeaderSelector,
  type LeaderSelectorOptions,
  type TakeLeadership,
} from './recipes/leader-selector.ts';
export { PersistentNode, type PersistentNodeOptions } from './recipes/persistent-node.ts';
export { SharedCount } from './recipes/shared-count.ts';
export type { WaitOptions } from './recipes/wait.ts';
export type { Host } from './session/connect-string.ts';
export type { Resolve } from './session/endpoints.ts';
export type { Auth, ClientOptions, SaslOptions, SessionIdentity } from './session/options.ts';
export { sessionPassword } from './session/password.ts';
export type { ConnectionState } from './session/state.ts';
export type {
  Endpoint,
  OpenTransport,
  TlsOptions,
  Transport,
  TransportHandlers,
} from './session/transport.ts';
export type { PersistentWatch } from './session/watch-service.ts';
export type { AddWatchMode, WatchEvent, WatchListener } from './session/watches.ts';
export type { SnapshotVisitor } from './snapshot/body.ts';
export { seedZxid, snapshotFileName, snapshotZxid } from './snapshot/names.ts';
export { type ReadSnapshot, readSnapshot } from './snapshot/read.ts';
export type { SeedChange, SeedRules, TargetVersion } from './snapshot/seed-rules.ts';
export {
  type SnapshotSource,
  type WriteSnapshotOptions,
  type WrittenSnapshot,
  writeSnapshot,
} from './snapshot/write.ts';
export {
  type ComparedField,
  type CompareOptions,
  checksumSubtree,
  compareNodes,
  compareTrees,
  defaultFields,
  type FieldValue,
  type SubtreeChecksum,
  type TreeDifference,
  type WalkableTree,
} from './tree/compare.ts';
export { dataHash } from './tree/data-hash.ts';
export type { DigestMismatch, MirrorState } from './tree/digest.ts';
export type { Session, SnapshotNode, TreeNode, WalkOptions } from './tree/node.ts';
export { type CreateTreeOptions, createTree, type Tree } from './tree/tree.ts';
