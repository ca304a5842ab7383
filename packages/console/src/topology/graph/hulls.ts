/** Areas behind the members of open groups. */
import type { Scene } from './scene.ts';

/** In units of the world. */
export interface Middle {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly members: number;
}

export interface Hull extends Middle {
  readonly reach: number;
}

/** Between the outermost node and the border. */
const margin = 14;

/** Pure: where the members of each group are on the whole, in the order of `groupNames`. */
export function middlesOf(scene: Scene, positions: Float32Array): Middle[] {
  const sums = scene.groupNames.map((name) => ({ name, x: 0, y: 0, members: 0 }));
  for (let index = 0; index < scene.nodes.length; index++) {
    const sum = sums[scene.groups[index] ?? -1];
    if (sum === undefined) continue;
    sum.x += positions[index * 2] ?? 0;
    sum.y += positions[index * 2 + 1] ?? 0;
    sum.members++;
  }
  return sums.map(({ name, x, y, members }) => ({ name, x: x / members, y: y / members, members }));
}

/** Pure: a circle around each group; none where no groups were asked for. */
export function hullsOf(scene: Scene, positions: Float32Array): readonly Hull[] {
  if (!scene.hasAreas) return [];
  const hulls = middlesOf(scene, positions).map((middle) => ({ ...middle, reach: 0 }));
  for (let index = 0; index < scene.nodes.length; index++) {
    const hull = hulls[scene.groups[index] ?? -1];
    if (hull === undefined) continue;
    const dx = (positions[index * 2] ?? 0) - hull.x;
    const dy = (positions[index * 2 + 1] ?? 0) - hull.y;
    hull.reach = Math.max(hull.reach, Math.hypot(dx, dy) + (scene.radii[index] ?? 0) + margin);
  }
  return hulls;
}
