export { composeContainerizers } from './container/composing.ts';
export {
  type Containerizer,
  type ContainerizerOptions,
  createContainerizer,
  type RecoveredContainer,
} from './container/containerizer.ts';
export type { Termination } from './container/machine.ts';
export type { ContainerStatus, ExecOptions, ExecSession, Runtime } from './container/runtime.ts';
export type { ContainerSpec } from './container/spec.ts';
export { DockerRuntime, type DockerRuntimeOptions } from './docker/runtime.ts';
export { NativeRuntime, type NativeRuntimeOptions, nativeMissing } from './native/runtime.ts';
export { ProcessRuntime, type ProcessRuntimeOptions } from './process/runtime.ts';
