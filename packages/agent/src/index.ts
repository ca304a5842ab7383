// The agent
export { Agent, type AgentOptions } from './agent.ts';
export { type AgentConfig, agentConfig } from './config.ts';
export { agentFlagNames, readAgentFlags } from './flags.ts';
export { agentNodeFlags, destroyContainers, type RunAgentOptions, runAgent } from './main.ts';

// Containers

// Checks
export {
  type CheckResult,
  type CheckTimes,
  defaultCheckTimes,
  defaultHealthCheckTimes,
  type HealthCheckTimes,
} from './checks/machine.ts';
export type { Probe } from './checks/probes.ts';
export { type CheckOptions, CheckRunner, type HealthChange } from './checks/runner.ts';
export { type Account, findAccount } from './container/account.ts';
export type { ResourceUsage } from './container/cgroup-usage.ts';
export { composeContainerizers } from './container/composing.ts';
export {
  type Containerizer,
  type ContainerizerOptions,
  createContainerizer,
  type RecoveredContainer,
} from './container/containerizer.ts';
export {
  type ExecutorEnvironmentOptions,
  executorEnvironment,
} from './container/environment.ts';
export type { Termination } from './container/machine.ts';
export type { ContainerStatus, ExecOptions, ExecSession, Runtime } from './container/runtime.ts';
export {
  type Command,
  type ContainerNetwork,
  type ContainerResources,
  type ContainerSpec,
  type DockerSettings,
  type Image,
  type LinuxSettings,
  type PortMapping,
  type Rlimit,
  sandboxMountPath,
  type Volume,
} from './container/spec.ts';
export { DockerRuntime, type DockerRuntimeOptions } from './docker/runtime.ts';
export { AgentError, type AgentErrorCode } from './errors.ts';
// Fetcher
export type { ArchiveLimits } from './fetcher/archive.ts';
export { Fetcher, type FetcherOptions, type FetchUri } from './fetcher/fetcher.ts';
export type { CniOptions } from './native/cni.ts';
export { NativeRuntime, type NativeRuntimeOptions, nativeMissing } from './native/runtime.ts';
export { ProcessRuntime, type ProcessRuntimeOptions } from './process/runtime.ts';

// Sandboxes
export { type CollectorOptions, diskUsage, SandboxCollector } from './sandbox/collector.ts';
export type { GarbageOptions } from './sandbox/garbage.ts';
export {
  createSandbox,
  executorFolder,
  latestContainer,
  type SandboxIds,
  sandboxFolder,
  virtualSandboxPath,
} from './sandbox/layout.ts';
export type { RotationOptions } from './sandbox/rotating-log.ts';
