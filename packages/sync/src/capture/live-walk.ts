/** Walks a live tree over the client port, many requests at a time, in bounded memory but for the paths that wait. */
import { childPath } from '@orchestrator/zookeeper';

/** Nodes being visited at once; each takes a few requests. */
const nodesAtOnce = 128;

export interface LiveWalk {
  readonly roots: readonly string[];
  readonly includes: (path: string) => boolean;
  /** Names of the children to go on with; none for a node that is gone. */
  readonly visit: (path: string) => Promise<readonly string[]>;
  readonly signal?: AbortSignal;
}

/** Parents are visited before their children. Rejects with the first failure, or the signal's reason. */
export async function walkLive(walk: LiveWalk): Promise<void> {
  const waiting = walk.roots.filter((root) => walk.includes(root)).reverse();
  let visiting = 0;
  await new Promise<void>((resolve, reject) => {
    let failed = false;
    const fail = (error: unknown) => {
      failed = true;
      reject(error);
    };
    const next = () => {
      if (failed) return;
      if (walk.signal?.aborted) return fail(walk.signal.reason);
      while (visiting < nodesAtOnce) {
        const path = waiting.pop();
        if (path === undefined) break;
        visiting++;
        walk.visit(path).then((names) => {
          visiting--;
          for (const name of names) {
            const child = childPath(path, name);
            if (walk.includes(child)) waiting.push(child);
          }
          next();
        }, fail);
      }
      if (visiting === 0 && waiting.length === 0) resolve();
    };
    next();
  });
}
