export { type Certificates, type Identity, testCertificates } from './certificates.ts';
export { busyboxImage, fillBusyboxRoot } from './docker/busybox.ts';
export { createTestCgroup, type TestCgroup } from './docker/cgroup.ts';
export { type DockerEngine, type DockerOptions, startDocker } from './docker/engine.ts';
export { type FakeRegistry, type RegistryOptions, startFakeRegistry } from './docker/registry.ts';
export { TestingError, type TestingErrorCode } from './errors.ts';
export { type EtcdCluster, type EtcdMember, type EtcdOptions, startEtcd } from './etcd/cluster.ts';
export { freePorts } from './free-ports.ts';
export type { ExposedPort } from './network/expose.ts';
export { createNetwork, type Network, type NetworkHost } from './network/network.ts';
export { type Direction, type ProxyOptions, startProxy, type TcpProxy } from './proxy/proxy.ts';
export { type CommandResult, runCommand } from './run-command.ts';
export { type ServerProcess, type ServerProcessOptions, startProcess } from './server-process.ts';
export { SimulatedClock } from './simulation/clock.ts';
export {
  type LinkKind,
  type NetworkCounts,
  type Receiver,
  SimulatedNetwork,
  type SimulatedNetworkOptions,
} from './simulation/network.ts';
export { mountSmallDisk, type SmallDisk } from './small-disk.ts';
export { removeFolder, temporaryFolder } from './temporary-folder.ts';
export { type WaitOptions, waitFor } from './wait-for.ts';
export { type Distribution, findDistribution, type ZooKeeperVersion } from './zookeeper/distribution.ts';
export type { Ensemble } from './zookeeper/ensemble.ts';
export { fourLetterWord, parseMonitor } from './zookeeper/four-letter.ts';
export { digestOf, type SecurityOptions } from './zookeeper/security.ts';
export type { EnsembleServer } from './zookeeper/server.ts';
export { createEnsemble, type EnsembleOptions, startEnsemble } from './zookeeper/start-ensemble.ts';
