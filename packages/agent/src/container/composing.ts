/** Several containerizers as one: `docker,native`. Each container goes to the first that does not refuse it. */
import { AgentError } from '../errors.ts';
import type { Containerizer, RecoveredContainer } from './containerizer.ts';
import type { ContainerSpec } from './spec.ts';

class ComposingContainerizer implements Containerizer {
  readonly name: string;
  readonly #parts: readonly Containerizer[];

  constructor(parts: readonly Containerizer[]) {
    this.name = parts.map(({ name }) => name).join(',');
    this.#parts = parts;
  }

  refuses(spec: ContainerSpec): string | undefined {
    const reasons = this.#parts.map((part) => ({ name: part.name, reason: part.refuses(spec) }));
    if (reasons.some(({ reason }) => reason === undefined)) return undefined;
    return reasons.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
  }

  async launch(spec: ContainerSpec) {
    const part = this.#parts.find((one) => one.refuses(spec) === undefined);
    const taken = this.#find(spec.containerId) !== undefined;
    if (part === undefined || taken) {
      const problem = taken ? 'its id is in use' : this.refuses(spec);
      throw new AgentError('InvalidContainer', `container ${spec.containerId}: ${problem}`);
    }
    return await part.launch(spec);
  }

  async wait(containerId: string) {
    return await this.#of(containerId).wait(containerId);
  }

  kill(containerId: string, options?: { graceMs?: number }): void {
    this.#find(containerId)?.kill(containerId, options);
  }

  async destroy(containerId: string): Promise<void> {
    await this.#find(containerId)?.destroy(containerId);
  }

  status(containerId: string) {
    return this.#find(containerId)?.status(containerId);
  }

  async usage(containerId: string) {
    return await this.#of(containerId).usage(containerId);
  }

  async exec(...[containerId, options]: Parameters<Containerizer['exec']>) {
    return await this.#of(containerId).exec(containerId, options);
  }

  async pruneImages(excluded: readonly string[]): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.pruneImages(excluded)));
  }

  async cachedImages() {
    return (await Promise.all(this.#parts.map((part) => part.cachedImages()))).flat();
  }

  containers(): string[] {
    return this.#parts.flatMap((part) => part.containers());
  }

  async recover(keep?: (containerId: string) => boolean): Promise<RecoveredContainer[]> {
    const recovered = await Promise.all(this.#parts.map((part) => part.recover(keep)));
    return recovered.flat();
  }

  async close(): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.close()));
  }

  #find(containerId: string): Containerizer | undefined {
    return this.#parts.find((part) => part.containers().includes(containerId));
  }

  #of(containerId: string): Containerizer {
    const part = this.#find(containerId);
    if (part === undefined) throw new AgentError('NoSuchContainer', `there is no container ${containerId}`);
    return part;
  }
}

/** The order is the preference. Each has containers of its own, and recovers them. */
export function composeContainerizers(parts: readonly Containerizer[]): Containerizer {
  return new ComposingContainerizer(parts);
}
