/** Runtimes from plain values, so that an agent in a process of its own has the same. */
import {
  DockerRuntime,
  type DockerRuntimeOptions,
  NativeRuntime,
  type NativeRuntimeOptions,
  ProcessRuntime,
  type ProcessRuntimeOptions,
  type Runtime,
} from '../src/index.ts';

export type RuntimeChoice =
  | ({ runtime: 'docker' } & DockerRuntimeOptions)
  | ({ runtime: 'native' } & NativeRuntimeOptions)
  | ({ runtime: 'process' } & ProcessRuntimeOptions);

export function runtimeFor(choice: RuntimeChoice): Runtime {
  if (choice.runtime === 'docker') return new DockerRuntime(choice);
  return choice.runtime === 'native' ? new NativeRuntime(choice) : new ProcessRuntime(choice);
}
