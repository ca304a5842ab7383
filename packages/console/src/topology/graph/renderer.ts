/** Draws a scene: shapes by the painter in its worker, names on a canvas above. */
import {
  createEdgeBuffer,
  createNodeBuffer,
  type Emphasis,
  fillEdges,
  fillHulls,
  fillNodes,
  type Palette,
  readPalette,
} from './buffers.ts';
import type { Camera, Size } from './camera.ts';
import { drawEdgeLabels, placeEdgeLabels } from './edge-labels.ts';
import { createLabelRoom } from './label-room.ts';
import { drawLabels, placeClusterLabels, placeLabels, readLabelInk } from './labels.ts';
import type { Scene } from './scene.ts';
import type { PaintAnswer, PaintRequest } from './webgl/messages.ts';

export interface Picture {
  readonly scene: Scene;
  readonly positions: Float32Array;
  readonly emphasis: Emphasis;
}

export interface Renderer {
  readonly palette: Palette;
  resize(size: Size): void;
  /** After a change of the theme. */
  restyle(): void;
  /** Takes what is to be drawn; cheap enough for each step of a layout. */
  load(picture: Picture): void;
  look(camera: Camera): void;
  drawNames(picture: Picture, camera: Camera): void;
  close(): void;
}

export interface RendererOptions {
  readonly canvas: HTMLCanvasElement;
  readonly names: HTMLCanvasElement;
  /** Nothing moves by itself. */
  readonly isCalm: boolean;
  /** Called once there are nodes on the screen. */
  readonly onPainted: () => void;
  readonly onFailed: (message: string) => void;
}

/** @throws Error if the browser cannot draw beside the page */
export function createRenderer({ canvas, names, isCalm, onPainted, onFailed }: RendererOptions): Renderer {
  const context = names.getContext('2d');
  if (context === null) throw new Error('this browser offers no canvas');
  const worker = new Worker(new URL('./webgl/worker.ts', import.meta.url), { type: 'module' });
  const send = (request: PaintRequest, transfer: Transferable[] = []) =>
    worker.postMessage(request, transfer);
  worker.onmessage = ({ data }: MessageEvent<PaintAnswer>) => {
    if (data.kind === 'painted') onPainted();
    else onFailed(data.message);
  };
  const surface = canvas.transferControlToOffscreen();
  send({ kind: 'start', canvas: surface, isCalm }, [surface]);
  const [nodeBuffer, hullBuffer, edgeBuffer] = [createNodeBuffer(), createNodeBuffer(), createEdgeBuffer()];
  let [palette, ink] = [readPalette(), readLabelInk()];
  let size: Size = { width: 1, height: 1 };
  const ratio = Math.min(window.devicePixelRatio || 1, 2);

  return {
    get palette() {
      return palette;
    },
    resize(next) {
      size = next;
      names.width = Math.max(1, Math.round(size.width * ratio));
      names.height = Math.max(1, Math.round(size.height * ratio));
      send({ kind: 'resize', size, ratio });
    },
    restyle() {
      [palette, ink] = [readPalette(), readLabelInk()];
    },
    load({ scene, positions, emphasis }) {
      const nodes = fillNodes(nodeBuffer, scene, positions, palette, emphasis);
      const { isFlowing, ...edges } = fillEdges(edgeBuffer, scene, positions, palette, emphasis);
      const hulls = fillHulls(hullBuffer, scene, positions, palette);
      const { ground, accent } = palette;
      send({ kind: 'load', load: { hulls, edges, nodes, isFlowing, ground, accent } });
    },
    look: (camera) => send({ kind: 'look', camera }),
    drawNames(picture, camera) {
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, size.width, size.height);
      const room = createLabelRoom();
      const names = placeLabels(picture, camera, size, room);
      drawEdgeLabels(context, placeEdgeLabels(picture, camera, size, room), ink);
      drawLabels(context, names, placeClusterLabels(picture, camera, size), ink);
    },
    close: () => worker.terminate(),
  };
}
