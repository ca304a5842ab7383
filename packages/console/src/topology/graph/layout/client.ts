/** The page's end of the layout: says when it has to work, and hands on where nodes stand. */
import { layoutGraphOf, type Scene } from '../scene.ts';
import { createSeenLinks } from '../seen-links.ts';
import type { LayoutAnswer, LayoutRequest } from './messages.ts';

export interface LayoutClient {
  /** @returns whether there is something to lay out */
  take(scene: Scene): boolean;
  pin(index: number, place: { readonly x: number; readonly y: number }): void;
  close(): void;
}

/** With this share of new links the picture is made anew rather than mended. */
const newsShare = 0.25;

export function createLayoutClient(
  onPlaces: (positions: Float32Array<ArrayBuffer>, isSettled: boolean) => void,
): LayoutClient {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  const links = createSeenLinks();
  const send = (request: LayoutRequest) => worker.postMessage(request);
  let version = 0;
  let shape = '';
  worker.onmessage = ({ data }: MessageEvent<LayoutAnswer>) => {
    // Places of a scene that is no longer shown fit none of the nodes.
    if (data.version === version) onPlaces(data.positions, data.isSettled);
  };
  return {
    take(scene) {
      const before = links.count;
      const added = links.take(scene);
      if (scene.nodes.length === 0 || (scene.shape === shape && added === 0)) return false;
      shape = scene.shape;
      version++;
      send({
        kind: 'graph',
        version,
        graph: layoutGraphOf(scene, links.pairs(), added > before * newsShare),
      });
      return true;
    },
    pin: (index, place) => send({ kind: 'pin', index, place }),
    close: () => worker.terminate(),
  };
}
