export { TestingError, type TestingErrorCode } from './errors.ts';
export { type EtcdCluster, type EtcdMember, type EtcdOptions, startEtcd } from './etcd/cluster.ts';
export { freePorts } from './free-ports.ts';
export { temporaryFolder } from './temporary-folder.ts';
export { type WaitOptions, waitFor } from './wait-for.ts';
export type { ZooKeeperVersion } from './zookeeper/distribution.ts';
export { createEnsemble, type Ensemble, type EnsembleOptions, startEnsemble } from './zookeeper/ensemble.ts';
export { fourLetterWord, parseMonitor } from './zookeeper/four-letter.ts';
export type { EnsembleServer } from './zookeeper/server.ts';
