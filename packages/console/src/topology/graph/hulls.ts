/** Areas behind the members of open groups. */
import type { Scene } from './scene.ts';

/** In units of the world. */
export interface Hull {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly reach: number;
}

/** Between the outermost node and the border. */
const margin = 14;

/** Pure: one circle by group, in the order of `groupNames`; none where no groups were asked for. */
export function hullsOf(scene: Scene, positions: Float32Array): readonly Hull[] {
  if (!scene.hasAreas) return [];
  const sums = scene.groupNames.map((name) => ({ name, x: 0, y: 0, members: 0, reach: 0 }));
  for (let index = 0; index < scene.nodes.length; index++) {
    const sum = sums[scene.groups[index] ?? -1];
    if (sum === undefined) continue;
    sum.x += positions[index * 2] ?? 0;
    sum.y += positions[index * 2 + 1] ?? 0;
    sum.members++;
  }
  for (const sum of sums) {
    sum.x /= sum.members;
    sum.y /= sum.members;
  }
  for (let index = 0; index < scene.nodes.length; index++) {
    const sum = sums[scene.groups[index] ?? -1];
    if (sum === undefined) continue;
    const dx = (positions[index * 2] ?? 0) - sum.x;
    const dy = (positions[index * 2 + 1] ?? 0) - sum.y;
    sum.reach = Math.max(sum.reach, Math.hypot(dx, dy) + (scene.radii[index] ?? 0) + margin);
  }
  return sums;
}
