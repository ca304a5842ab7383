/**
 * An agent that is about to be killed: launches what it is told on standard input, one JSON specification a line, and
 * answers each with the container's status. Ends all of them when that ends.
 */
import { createInterface } from 'node:readline';
import { type ContainerSpec, createContainerizer } from '../src/index.ts';
import { runtimeFor } from './runtimes.ts';

const containerizer = createContainerizer(runtimeFor(JSON.parse(process.argv[2] ?? '{}')));
await containerizer.recover();
// As an agent's servers would, while it waits for its containers to end.
const alive = setInterval(() => undefined, 60_000);
process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const status = await containerizer.launch(JSON.parse(line) as ContainerSpec);
  process.stdout.write(`${JSON.stringify(status)}\n`);
}
for (const containerId of containerizer.containers()) await containerizer.destroy(containerId);
await containerizer.close();
clearInterval(alive);
process.exit();
