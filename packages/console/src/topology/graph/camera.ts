/** What part of the layout is seen. Pure. World units are pixels at zoom 1. */
export interface Camera {
  /** Of the world, in the middle of the screen. */
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Bounds {
  readonly minX: number;
  readonly minY: number;
  readonly maxX: number;
  readonly maxY: number;
}

const [minZoom, maxZoom] = [0.02, 6];
const clampZoom = (zoom: number) => Math.min(maxZoom, Math.max(minZoom, zoom));

/** Nodes shrink more slowly than distances, so that they are still seen from afar. */
export const sizeScale = (zoom: number): number => zoom ** 0.72;

export const toScreen = (camera: Camera, size: Size, { x, y }: Point): Point => ({
  x: (x - camera.x) * camera.zoom + size.width / 2,
  y: (y - camera.y) * camera.zoom + size.height / 2,
});

export const toWorld = (camera: Camera, size: Size, { x, y }: Point): Point => ({
  x: (x - size.width / 2) / camera.zoom + camera.x,
  y: (y - size.height / 2) / camera.zoom + camera.y,
});

export const panned = (camera: Camera, dx: number, dy: number): Camera => ({
  ...camera,
  x: camera.x - dx / camera.zoom,
  y: camera.y - dy / camera.zoom,
});

/** The point of the world below `at` stays there. */
export function zoomedAt(camera: Camera, size: Size, at: Point, factor: number): Camera {
  const zoom = clampZoom(camera.zoom * factor);
  const fixed = toWorld(camera, size, at);
  const moved = toWorld({ ...camera, zoom }, size, at);
  return { x: camera.x + fixed.x - moved.x, y: camera.y + fixed.y - moved.y, zoom };
}

/** Undefined where there is nothing. `positions`: x and y by node; what has no place yet is not counted. */
export function boundsOf(positions: Float32Array): Bounds | undefined {
  let [minX, minY, maxX, maxY] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let at = 0; at < positions.length; at += 2) {
    const [x = 0, y = 0] = [positions[at], positions[at + 1]];
    if (x < minX) minX = x;
    if (x > maxX) maxX = x;
    if (y < minY) minY = y;
    if (y > maxY) maxY = y;
  }
  return minX > maxX ? undefined : { minX, minY, maxX, maxY };
}

const [margin, closest] = [72, 2];

export function fitted({ minX, minY, maxX, maxY }: Bounds, { width, height }: Size): Camera {
  const zoom = Math.min(
    (width - 2 * margin) / Math.max(maxX - minX, 1),
    (height - 2 * margin) / Math.max(maxY - minY, 1),
    closest,
  );
  return { x: (minX + maxX) / 2, y: (minY + maxY) / 2, zoom: clampZoom(zoom) };
}

/** Part of the way from one to the other; `share` from 0 to 1. */
export const between = (from: Camera, to: Camera, share: number): Camera => ({
  x: from.x + (to.x - from.x) * share,
  y: from.y + (to.y - from.y) * share,
  zoom: from.zoom * (to.zoom / from.zoom) ** share,
});
