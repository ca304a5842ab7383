/** The graph as numbers: where everything is and how it looks, in the form in which it is drawn and looked for. */
import type { Drawn, DrawnEdge, DrawnNode } from '../model/drawn.ts';
import type { Point } from './camera.ts';
import type { LayoutGraph } from './layout/simulation.ts';

export interface SceneEdge extends DrawnEdge {
  readonly fromIndex: number;
  readonly toIndex: number;
  /** There is one in the other direction too; both are drawn aside. */
  readonly isTwin: boolean;
}

export interface Scene {
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly SceneEdge[];
  readonly indexOf: ReadonlyMap<string, number>;
  readonly radii: Float32Array;
  /** Number of its group by node, -1 for none or a closed one. */
  readonly groups: Int32Array;
  readonly groupNames: readonly string[];
  /** The groups were asked for: their areas are drawn. */
  readonly hasAreas: boolean;
  /** Indexes of nodes, the most telling first: whose names are written where not all fit. */
  readonly byWeight: Uint32Array;
  /** Stays the same as long as nodes and groups do, whatever they look like. */
  readonly shape: string;
}

export const emptyScene: Scene = {
  ...{ nodes: [], edges: [], indexOf: new Map(), radii: new Float32Array(), groups: new Int32Array() },
  ...{ groupNames: [], hasAreas: false, byWeight: new Uint32Array(), shape: '' },
};

/** A node and those that it is connected to. */
export function neighboursOf({ edges }: Scene, index: number): ReadonlySet<number> {
  const found = new Set([index]);
  for (const { fromIndex, toIndex } of edges) {
    if (fromIndex === index) found.add(toIndex);
    if (toIndex === index) found.add(fromIndex);
  }
  return found;
}

const [leastRadius, mostRadius, plainRadius] = [9, 24, 13];

function radiusOf({ members, size, isPseudo }: DrawnNode, isSized: boolean): number {
  if (members > 0) return Math.min(58, 18 + 4.2 * Math.sqrt(members));
  if (isPseudo) return 11;
  if (!isSized) return plainRadius;
  return leastRadius + (mostRadius - leastRadius) * Math.sqrt(size ?? 0);
}

/** Of what the layout depends on, but for links; the order counts. */
function shapeOf(nodes: readonly DrawnNode[], groups: Int32Array): string {
  let hash = 0x811c9dc5;
  const mix = (value: number) => {
    hash = Math.imul(hash ^ value, 0x01000193);
  };
  for (const [index, { id, members }] of nodes.entries()) {
    for (let at = 0; at < id.length; at += 3) mix(id.charCodeAt(at));
    mix(members);
    mix(groups[index] ?? -1);
  }
  return `${nodes.length} ${hash >>> 0}`;
}

/** With fewer nodes each is seen on its own. */
const clusteredNodes = 120;

/** By the groups that were asked for; where there are none, many nodes are kept together by what they are. */
function clusterBy(nodes: readonly DrawnNode[]): (node: DrawnNode) => string | undefined {
  if (nodes.some(({ group }) => group !== undefined)) {
    return ({ group, members }) => (members > 0 ? undefined : group);
  }
  if (nodes.length < clusteredNodes) return () => undefined;
  return ({ kind }) => (kind === '' ? undefined : kind);
}

export function sceneOf({ nodes: unordered, edges: drawnEdges }: Drawn, isSized: boolean): Scene {
  // The order of ids, so that what merely came in another order is the same picture.
  const nodes = unordered.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const indexOf = new Map(nodes.map(({ id }, index) => [id, index]));
  const placed: { readonly edge: DrawnEdge; readonly fromIndex: number; readonly toIndex: number }[] = [];
  const pairs = new Set<number>();
  const degree = new Uint32Array(nodes.length);
  for (const edge of drawnEdges) {
    const [fromIndex, toIndex] = [indexOf.get(edge.from), indexOf.get(edge.to)];
    if (fromIndex === undefined || toIndex === undefined) continue;
    placed.push({ edge, fromIndex, toIndex });
    pairs.add(fromIndex * nodes.length + toIndex);
    degree[fromIndex] = (degree[fromIndex] ?? 0) + 1;
    degree[toIndex] = (degree[toIndex] ?? 0) + 1;
  }
  const edges = placed.map(({ edge, fromIndex, toIndex }): SceneEdge => {
    const isTwin = pairs.has(toIndex * nodes.length + fromIndex);
    return { ...edge, fromIndex, toIndex, isTwin };
  });
  const clusterOf = clusterBy(nodes);
  const groupNames = [...new Set(nodes.flatMap((node) => clusterOf(node) ?? []))];
  const groupIndex = new Map(groupNames.map((name, index) => [name, index]));
  const groups = Int32Array.from(nodes, (node) => groupIndex.get(clusterOf(node) ?? '') ?? -1);
  const weight = (index: number) =>
    (nodes[index]?.members ?? 0) * 1_000 + (degree[index] ?? 0) + (nodes[index]?.level ?? 0);
  const byWeight = Uint32Array.from(nodes.keys()).sort((a, b) => weight(b) - weight(a));
  const radii = Float32Array.from(nodes, (node) => radiusOf(node, isSized));
  return {
    nodes,
    edges,
    indexOf,
    radii,
    groups,
    groupNames,
    hasAreas: nodes.some(({ group }) => group !== undefined),
    byWeight,
    shape: shapeOf(nodes, groups),
  };
}

export const layoutGraphOf = (
  { nodes, radii, groups }: Scene,
  links: Uint32Array,
  isNews: boolean,
): LayoutGraph => ({
  ids: nodes.map(({ id }) => id),
  radii: Float32Array.from(radii),
  groups: Int32Array.from(groups),
  ...{ links, isNews },
});

/** Places by the ids of the scene before, for those that are in this one too; the others have none yet. */
export function carryPositions(
  scene: Scene,
  before: Scene | undefined,
  positions: Float32Array,
): Float32Array<ArrayBuffer> {
  const carried = new Float32Array(scene.nodes.length * 2).fill(Number.NaN);
  for (const [index, { id }] of scene.nodes.entries()) {
    const old = before?.indexOf.get(id);
    if (old === undefined) continue;
    carried[index * 2] = positions[old * 2] ?? 0;
    carried[index * 2 + 1] = positions[old * 2 + 1] ?? 0;
  }
  return carried;
}

/** The node under a point of the world; `scale` is how much larger nodes are than in the world. */
export function nodeAt(
  scene: Scene,
  positions: Float32Array,
  { x, y }: Point,
  scale: number,
): number | undefined {
  let [found, nearest]: [number | undefined, number] = [undefined, Infinity];
  for (let index = 0; index < scene.radii.length; index++) {
    const [dx, dy] = [(positions[index * 2] ?? 0) - x, (positions[index * 2 + 1] ?? 0) - y];
    const reach = (scene.radii[index] ?? 0) * scale + 3 * scale;
    const square = dx * dx + dy * dy;
    if (square < reach * reach && square < nearest) [found, nearest] = [index, square];
  }
  return found;
}

/** The edge within `reach` of a point of the world. */
export function edgeAt(
  scene: Scene,
  positions: Float32Array,
  { x, y }: Point,
  reach: number,
): number | undefined {
  let [found, nearest]: [number | undefined, number] = [undefined, reach * reach];
  for (let index = 0; index < scene.edges.length; index++) {
    const edge = scene.edges[index];
    if (edge === undefined) continue;
    const [ax, ay] = [positions[edge.fromIndex * 2] ?? 0, positions[edge.fromIndex * 2 + 1] ?? 0];
    const [bx, by] = [(positions[edge.toIndex * 2] ?? 0) - ax, (positions[edge.toIndex * 2 + 1] ?? 0) - ay];
    const length = bx * bx + by * by;
    const share = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * bx + (y - ay) * by) / length));
    const square = (ax + bx * share - x) ** 2 + (ay + by * share - y) ** 2;
    if (square < nearest) [found, nearest] = [index, square];
  }
  return found;
}

/** The next node in a direction on the screen, for the keyboard. */
export function nodeTowards(
  scene: Scene,
  positions: Float32Array,
  from: number,
  direction: Point,
): number | undefined {
  const [x, y] = [positions[from * 2] ?? 0, positions[from * 2 + 1] ?? 0];
  let [found, best]: [number | undefined, number] = [undefined, Infinity];
  for (let index = 0; index < scene.nodes.length; index++) {
    if (index === from) continue;
    const [dx, dy] = [(positions[index * 2] ?? 0) - x, (positions[index * 2 + 1] ?? 0) - y];
    const ahead = dx * direction.x + dy * direction.y;
    if (ahead <= 0) continue;
    const aside = Math.abs(dx * direction.y - dy * direction.x);
    const cost = ahead + 2.5 * aside;
    if (cost < best) [found, best] = [index, cost];
  }
  return found;
}
