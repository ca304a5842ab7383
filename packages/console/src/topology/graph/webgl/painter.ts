/** Areas of groups, edges and nodes on WebGL. */
import { type Camera, type Size, sizeScale } from '../camera.ts';
import type { PaintLoad } from './messages.ts';
import { createInstances } from './program.ts';
import { edgeFields, edgeFragment, edgeVertex, nodeFields, nodeFragment, nodeVertex } from './shaders.ts';

export interface Painter {
  resize(size: Size, ratio: number): void;
  load(load: PaintLoad): void;
  paint(camera: Camera, seconds: number): void;
}

/** Many edges seen from afar would be a grey cloud. */
function edgeStrength(edges: number, zoom: number): number {
  const crowd = Math.max(1, edges / 250);
  return Math.min(0.85, Math.max(0.08, (0.85 * Math.max(zoom, 0.05) ** 0.5) / crowd ** 0.45));
}

/** @throws Error if there is no WebGL 2 */
export function createPainter(canvas: OffscreenCanvas): Painter {
  const gl = canvas.getContext('webgl2', { antialias: false, alpha: true, premultipliedAlpha: true });
  if (gl === null) throw new Error('this browser offers no WebGL 2');
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  const hulls = createInstances(gl, { vertex: nodeVertex, fragment: nodeFragment, fields: nodeFields });
  const edges = createInstances(gl, { vertex: edgeVertex, fragment: edgeFragment, fields: edgeFields });
  const nodes = createInstances(gl, { vertex: nodeVertex, fragment: nodeFragment, fields: nodeFields });
  let size: Size = { width: 1, height: 1 };
  let loaded: PaintLoad | undefined;
  return {
    resize(next, ratio) {
      size = next;
      canvas.width = Math.max(1, Math.round(size.width * ratio));
      canvas.height = Math.max(1, Math.round(size.height * ratio));
      gl.viewport(0, 0, canvas.width, canvas.height);
    },
    load(load) {
      loaded = load;
      hulls.upload(load.hulls.data, load.hulls.count);
      edges.upload(load.edges.data, load.edges.count);
      nodes.upload(load.nodes.data, load.nodes.count);
    },
    paint(camera, seconds) {
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      if (loaded === undefined) return;
      const view = {
        size: [size.width, size.height],
        centre: [camera.x, camera.y],
        zoom: camera.zoom,
        scale: sizeScale(camera.zoom),
        ground: loaded.ground,
        accent: loaded.accent,
      };
      hulls.draw(view);
      const detail = Math.min(1, Math.max(0, camera.zoom * 3 - 0.6));
      edges.draw({ ...view, seconds, detail, strength: edgeStrength(loaded.edges.count, camera.zoom) });
      nodes.draw(view);
    },
  };
}
