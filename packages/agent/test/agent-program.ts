/**
 * An agent that is about to be killed: launches what it is told on standard input, one JSON specification a line, and
 * answers each with `launched`.
 */
import { createInterface } from 'node:readline';
import { type ContainerSpec, createContainerizer } from '../src/index.ts';
import { runtimeFor } from './runtimes.ts';

const containerizer = createContainerizer(runtimeFor(JSON.parse(process.argv[2] ?? '{}')));
await containerizer.recover();
process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  await containerizer.launch(JSON.parse(line) as ContainerSpec);
  process.stdout.write('launched\n');
}
