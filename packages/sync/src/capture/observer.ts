import {
  createTree,
  mirror,
  type Observer,
  type ObserverEvent,
  observe,
  type Tree,
} from '@orchestrator/zookeeper';
import type { ReachableEnsemble } from '../access.ts';
import { reasonOf } from '../errors.ts';
import type { Capture, CaptureEvent } from './capture.ts';

export interface ObserverCaptureOptions {
  readonly ensemble: ReachableEnsemble;
  readonly reason: string;
  readonly workFolder: string;
  readonly maxNodesInMemory: number;
}

/** Follows an ensemble as an unlisted observer. */
export function observerCapture(options: ObserverCaptureOptions): Capture {
  let observer: Observer | undefined;
  let closed = false;

  async function* events(): AsyncGenerator<CaptureEvent> {
    while (!closed) {
      const current = observe({
        ...options.ensemble.observer,
        servers: options.ensemble.quorumServers,
        spool: { folder: options.workFolder },
      });
      observer = current;
      yield* mirrored(current, options);
    }
  }

  return {
    mode: 'observer',
    reason: options.reason,
    events,
    restart: () => observer?.close(),
    refresh: () => undefined,
    unreadable: () => [],
    close() {
      closed = true;
      observer?.close();
    },
  };
}

/** Builds each snapshot into a mirror and hands it out once it is exact; until then it takes the transactions itself. */
async function* mirrored(
  stream: AsyncIterable<ObserverEvent>,
  options: ObserverCaptureOptions,
): AsyncGenerator<CaptureEvent> {
  let building: Tree | undefined;
  try {
    for await (const event of stream) {
      if (event.type === 'connected') {
        yield { kind: 'link', up: true, reason: `observing ${event.server}, epoch ${event.epoch}` };
      } else if (event.type === 'disconnected' || event.type === 'unreachable') {
        yield { kind: 'link', up: false, reason: reasonOf(event.reason) };
      } else if (event.type === 'snapshot') {
        building?.close();
        building = createTree({ folder: options.workFolder, maxNodesInMemory: options.maxNodesInMemory });
      }
      if (building === undefined) {
        if (event.type === 'txns') yield { kind: 'txns', txns: event.txns, arrivedMs: event.arrivedAtMs };
        else if (event.type === 'synced') yield { kind: 'progress', zxid: event.zxid };
        continue;
      }
      mirror(building, event);
      if (building.state === 'fuzzy') continue;
      const tree = building;
      building = undefined;
      await tree.flush();
      yield { kind: 'mirror', tree };
    }
  } finally {
    building?.close();
  }
}
