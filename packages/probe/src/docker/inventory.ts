import type { DockerApi } from './api.ts';
import { type Container, parseContainer } from './inspect.ts';

/** Calls to the engine that are under way at once. */
const concurrency = 4;
/** Containers that wait to be looked at. Beyond it a new listing is due instead. */
const queueLimit = 10_000;

export interface InventoryOptions {
  readonly api: DockerApi;
  readonly showSecrets: boolean;
  readonly found: (container: Container) => void;
  readonly gone: (id: string) => void;
  readonly failed: (id: string, error: unknown) => void;
  /** More waits than the queue takes. */
  readonly overflow: () => void;
}

/** Looks containers up, each once however many events tell of it, few at a time. */
export function createInventory(options: InventoryOptions) {
  const { api, showSecrets, found, gone, failed } = options;
  const waiting = new Set<string>();
  const underWay = new Set<string>();
  /** Of those under way: what the engine answers is of before their end. */
  const destroyed = new Set<string>();
  let idle: (() => void)[] = [];

  const inspect = async (id: string): Promise<void> => {
    try {
      const container = parseContainer(await api.get(`/containers/${id}/json`), { showSecrets });
      if (destroyed.has(id)) return;
      if (container === undefined) gone(id);
      else found(container);
    } catch (error) {
      if (error instanceof Error && Reflect.get(error, 'code') === 'not-found') gone(id);
      else failed(id, error);
    }
  };

  const pump = (): void => {
    for (const id of waiting) {
      if (underWay.size >= concurrency) return;
      // What was told while a look was under way makes another look due after it.
      if (underWay.has(id)) continue;
      waiting.delete(id);
      underWay.add(id);
      void inspect(id).finally(() => {
        underWay.delete(id);
        destroyed.delete(id);
        pump();
      });
    }
    if (waiting.size > 0 || underWay.size > 0) return;
    const done = idle;
    idle = [];
    for (const resolve of done) resolve();
  };

  return {
    look(id: string): void {
      if (waiting.size >= queueLimit && !waiting.has(id)) {
        options.overflow();
        return;
      }
      waiting.add(id);
      pump();
    },
    forget(id: string): void {
      waiting.delete(id);
      if (underWay.has(id)) destroyed.add(id);
    },
    /** When nothing waits any more. */
    settled(): Promise<void> {
      return waiting.size === 0 && underWay.size === 0
        ? Promise.resolve()
        : new Promise((resolve) => idle.push(resolve));
    },
  };
}

/** Ids of the containers to be shown: all that are up, and of the others the newest. */
export async function listContainers(api: DockerApi, stoppedLimit: number): Promise<string[]> {
  const answer = await api.get('/containers/json?all=1');
  const up: string[] = [];
  const others: { id: string; created: number }[] = [];
  for (const entry of Array.isArray(answer) ? answer : []) {
    const [id, state, created]: unknown[] = [entry?.Id, entry?.State, entry?.Created];
    if (typeof id !== 'string') continue;
    if (state === 'running' || state === 'paused' || state === 'restarting') up.push(id);
    else others.push({ id, created: typeof created === 'number' ? created : 0 });
  }
  others.sort((a, b) => b.created - a.created);
  return [...up, ...others.slice(0, stoppedLimit).map(({ id }) => id)];
}
