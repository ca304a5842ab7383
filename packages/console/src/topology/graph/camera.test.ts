import { describe, expect, it } from 'vitest';
import { between, boundsOf, fitted, panned, toScreen, toWorld, zoomedAt } from './camera.ts';

const size = { width: 800, height: 600 };
const camera = { x: 10, y: -20, zoom: 2 };

describe('the camera', () => {
  it('goes from the world to the screen and back', () => {
    const point = { x: 33, y: 44 };
    expect(toWorld(camera, size, toScreen(camera, size, point))).toEqual(point);
    expect(toScreen(camera, size, { x: 10, y: -20 })).toEqual({ x: 400, y: 300 });
  });
  it('zooms around the pointer, within limits', () => {
    const at = { x: 700, y: 100 };
    const fixed = toWorld(camera, size, at);
    const closer = zoomedAt(camera, size, at, 1.5);
    expect(closer.zoom).toBe(3);
    expect(toWorld(closer, size, at).x).toBeCloseTo(fixed.x);
    expect(zoomedAt(camera, size, at, 1e9).zoom).toBe(6);
  });
  it('follows the hand', () => {
    const under = toWorld(camera, size, { x: 100, y: 100 });
    expect(toScreen(panned(camera, 30, -10), size, under)).toEqual({ x: 130, y: 90 });
  });
  it('shows everything', () => {
    const positions = Float32Array.from([-1000, 0, 1000, 500]);
    const bounds = boundsOf(positions);
    expect(bounds).toEqual({ minX: -1000, minY: 0, maxX: 1000, maxY: 500 });
    if (bounds === undefined) return;
    const all = fitted(bounds, size);
    const corner = toScreen(all, size, { x: -1000, y: 0 });
    expect(corner.x).toBeCloseTo(72);
    expect(boundsOf(new Float32Array())).toBeUndefined();
  });
  it('goes half of the way', () => {
    expect(between(camera, { x: 20, y: 0, zoom: 8 }, 0.5)).toEqual({ x: 15, y: -10, zoom: 4 });
  });
});
