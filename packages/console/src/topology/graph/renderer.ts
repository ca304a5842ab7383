/** Draws a scene: areas of groups, edges, nodes on WebGL, names on a canvas above. */
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
import { type Camera, type Size, sizeScale } from './camera.ts';
import { drawLabels, placeLabels, readLabelInk } from './labels.ts';
import type { Scene } from './scene.ts';
import { createInstances } from './webgl/program.ts';
import {
  edgeFields,
  edgeFragment,
  edgeVertex,
  nodeFields,
  nodeFragment,
  nodeVertex,
} from './webgl/shaders.ts';

export interface Picture {
  readonly scene: Scene;
  readonly positions: Float32Array;
  readonly emphasis: Emphasis;
}

export interface Renderer {
  readonly palette: Palette;
  /** Whether something moves although nothing changes. */
  readonly isFlowing: boolean;
  resize(size: Size): void;
  /** After a change of the theme. */
  restyle(): void;
  /** Takes what is to be drawn; cheap enough for each step of a layout. */
  load(picture: Picture): void;
  draw(camera: Camera, seconds: number): void;
  drawNames(picture: Picture, camera: Camera): void;
  close(): void;
}

/** Many edges seen from afar would be a grey cloud. */
export function edgeStrength(edges: number, zoom: number): number {
  const crowd = Math.max(1, edges / 250);
  return Math.min(0.85, Math.max(0.16, (0.85 * Math.max(zoom, 0.05) ** 0.45) / crowd ** 0.4));
}

/** @throws Error if the browser has no WebGL 2 */
export function createRenderer(canvas: HTMLCanvasElement, names: HTMLCanvasElement): Renderer {
  const gl = canvas.getContext('webgl2', { antialias: false, alpha: true, premultipliedAlpha: true });
  const context = names.getContext('2d');
  if (gl === null || context === null) throw new Error('this browser offers no WebGL 2');
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  const hulls = createInstances(gl, { vertex: nodeVertex, fragment: nodeFragment, fields: nodeFields });
  const edges = createInstances(gl, { vertex: edgeVertex, fragment: edgeFragment, fields: edgeFields });
  const nodes = createInstances(gl, { vertex: nodeVertex, fragment: nodeFragment, fields: nodeFields });
  const [nodeBuffer, hullBuffer, edgeBuffer] = [createNodeBuffer(), createNodeBuffer(), createEdgeBuffer()];
  let [palette, ink] = [readPalette(), readLabelInk()];
  let size: Size = { width: 1, height: 1 };
  let [edgeCount, flowing] = [0, 0];
  const ratio = Math.min(window.devicePixelRatio || 1, 2);

  return {
    get palette() {
      return palette;
    },
    get isFlowing() {
      return flowing > 0;
    },
    resize(next) {
      size = next;
      for (const surface of [canvas, names]) {
        surface.width = Math.max(1, Math.round(size.width * ratio));
        surface.height = Math.max(1, Math.round(size.height * ratio));
      }
      gl.viewport(0, 0, canvas.width, canvas.height);
    },
    restyle() {
      [palette, ink] = [readPalette(), readLabelInk()];
    },
    load({ scene, positions, emphasis }) {
      nodes.upload(fillNodes(nodeBuffer, scene, positions, palette, emphasis), scene.nodes.length);
      const filled = fillEdges(edgeBuffer, scene, positions, palette, emphasis);
      edges.upload(filled.numbers, scene.edges.length);
      const areas = fillHulls(hullBuffer, scene, positions, palette);
      hulls.upload(areas.numbers, areas.count);
      [edgeCount, flowing] = [scene.edges.length, filled.flowing];
    },
    draw(camera, seconds) {
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      const view = {
        size: [size.width, size.height],
        centre: [camera.x, camera.y],
        zoom: camera.zoom,
        scale: sizeScale(camera.zoom),
        ground: palette.ground,
        accent: palette.accent,
      };
      hulls.draw(view);
      const detail = Math.min(1, Math.max(0, camera.zoom * 3 - 0.6));
      edges.draw({ ...view, seconds, detail, strength: edgeStrength(edgeCount, camera.zoom) });
      nodes.draw(view);
    },
    drawNames(picture, camera) {
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, size.width, size.height);
      drawLabels(context, placeLabels(picture, camera, size), ink);
    },
    close() {
      gl.getExtension('WEBGL_lose_context')?.loseContext();
    },
  };
}
