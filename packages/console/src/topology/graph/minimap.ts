/** Everything, small, with a frame around what is seen. */

import type { Palette } from './buffers.ts';
import { type Bounds, boundsOf, type Camera, type Point, type Size, toScreen } from './camera.ts';
import type { Scene } from './scene.ts';
import type { Rgba } from './webgl/colour.ts';

export const minimapSize: Size = { width: 168, height: 112 };
const margin = 8;

const css = ([red, green, blue]: Rgba, alpha = 1) =>
  `rgb(${Math.round(red * 255)} ${Math.round(green * 255)} ${Math.round(blue * 255)} / ${alpha})`;

interface Scale {
  readonly zoom: number;
  readonly left: number;
  readonly top: number;
}

function scaleOf({ minX, minY, maxX, maxY }: Bounds): Scale {
  const [width, height] = [minimapSize.width - 2 * margin, minimapSize.height - 2 * margin];
  const zoom = Math.min(width / Math.max(maxX - minX, 1), height / Math.max(maxY - minY, 1));
  return {
    zoom,
    left: minimapSize.width / 2 - ((minX + maxX) / 2) * zoom,
    top: minimapSize.height / 2 - ((minY + maxY) / 2) * zoom,
  };
}

/** Nothing is left that a map would have to show. */
function isInSight({ minX, minY, maxX, maxY }: Bounds, camera: Camera, size: Size): boolean {
  const [from, to] = [
    toScreen(camera, size, { x: minX, y: minY }),
    toScreen(camera, size, { x: maxX, y: maxY }),
  ];
  return from.x >= 0 && from.y >= 0 && to.x <= size.width && to.y <= size.height;
}

export interface Minimap {
  /** What is where; to be called when it has changed, not for each frame. */
  drawNodes(scene: Scene, positions: Float32Array, palette: Palette): void;
  drawFrame(camera: Camera, size: Size, palette: Palette): void;
  /** The place in the world of a point of the map. */
  placeOf(point: Point): Point | undefined;
}

export function createMinimap(canvas: HTMLCanvasElement): Minimap {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = minimapSize.width * ratio;
  canvas.height = minimapSize.height * ratio;
  const context = canvas.getContext('2d');
  const picture = document.createElement('canvas');
  picture.width = canvas.width;
  picture.height = canvas.height;
  const brush = picture.getContext('2d');
  let scale: Scale | undefined;
  let bounds: Bounds | undefined;
  return {
    drawNodes(scene, positions, palette) {
      bounds = boundsOf(positions);
      scale = bounds === undefined ? undefined : scaleOf(bounds);
      if (brush === null) return;
      brush.setTransform(ratio, 0, 0, ratio, 0, 0);
      brush.clearRect(0, 0, minimapSize.width, minimapSize.height);
      if (scale === undefined) return;
      const dot = scene.nodes.length > 500 ? 1.5 : 3;
      for (const [index, { tone }] of scene.nodes.entries()) {
        brush.fillStyle = css(palette.tones[tone], 0.9);
        const x = (positions[index * 2] ?? 0) * scale.zoom + scale.left;
        const y = (positions[index * 2 + 1] ?? 0) * scale.zoom + scale.top;
        brush.fillRect(x - dot / 2, y - dot / 2, dot, dot);
      }
    },
    drawFrame(camera, size, palette) {
      canvas.toggleAttribute('data-spare', bounds === undefined || isInSight(bounds, camera, size));
      if (context === null) return;
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, canvas.width, canvas.height);
      context.drawImage(picture, 0, 0);
      if (scale === undefined) return;
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      const [width, height] = [
        (size.width / camera.zoom) * scale.zoom,
        (size.height / camera.zoom) * scale.zoom,
      ];
      const [x, y] = [camera.x * scale.zoom + scale.left, camera.y * scale.zoom + scale.top];
      context.fillStyle = css(palette.accent, 0.08);
      context.strokeStyle = css(palette.accent, 0.9);
      context.lineWidth = 1.25;
      context.fillRect(x - width / 2, y - height / 2, width, height);
      context.strokeRect(x - width / 2, y - height / 2, width, height);
    },
    placeOf({ x, y }) {
      if (scale === undefined) return undefined;
      return { x: (x - scale.left) / scale.zoom, y: (y - scale.top) / scale.zoom };
    },
  };
}
