/** Runtimes from plain values, so that an agent in a process of its own has the same. */
import { DockerRuntime, type DockerRuntimeOptions, type Runtime } from '../src/index.ts';

export type RuntimeChoice = { runtime: 'docker' } & DockerRuntimeOptions;

export function runtimeFor(choice: RuntimeChoice): Runtime {
  return new DockerRuntime(choice);
}
