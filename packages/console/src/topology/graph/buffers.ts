/** Fills the buffers that the shaders read. */
import type { Tone } from '../../ui/index.ts';
import { hullsOf } from './hulls.ts';
import type { Scene } from './scene.ts';
import { packed, type Rgba, themeColour } from './webgl/colour.ts';
import type { Field } from './webgl/program.ts';
import { edgeFields, nodeBits, nodeFields } from './webgl/shaders.ts';

export interface Palette {
  readonly tones: Readonly<Record<Tone, Rgba>>;
  readonly accent: Rgba;
  readonly ground: Rgba;
  readonly line: Rgba;
}

export const readPalette = (): Palette => ({
  tones: {
    ok: themeColour('--ok'),
    warn: themeColour('--warn'),
    bad: themeColour('--bad'),
    info: themeColour('--info'),
    idle: themeColour('--idle'),
  },
  accent: themeColour('--accent'),
  ground: themeColour('--surface'),
  line: themeColour('--text-3'),
});

/** What is pointed out: everything else steps back. */
export interface Emphasis {
  readonly selected: number | undefined;
  readonly hovered: number | undefined;
  /** The only nodes that are not dimmed; undefined: none is. */
  readonly bright: ReadonlySet<number> | undefined;
}

const strideOf = (fields: readonly Field[]) =>
  fields.reduce((sum, { size }) => sum + (size === 'bytes' ? 1 : size), 0);
const [nodeStride, edgeStride] = [strideOf(nodeFields), strideOf(edgeFields)];

/** Grows as needed and is used again: pictures follow each other quickly. */
export function createBuffer(stride: number) {
  let numbers = new Float32Array(stride * 64);
  let words = new Uint32Array(numbers.buffer);
  return (count: number) => {
    if (numbers.length < count * stride) {
      numbers = new Float32Array(Math.ceil(count * 1.5) * stride);
      words = new Uint32Array(numbers.buffer);
    }
    return { numbers, words };
  };
}

export const createNodeBuffer = () => createBuffer(nodeStride);
export const createEdgeBuffer = () => createBuffer(edgeStride);
export type Buffer = ReturnType<typeof createBuffer>;

const sidesOf: Readonly<Record<string, number>> = {
  square: 4,
  pentagon: 5,
  hexagon: 6,
  heptagon: 7,
  octagon: 8,
  triangle: 3,
};

export function fillNodes(
  buffer: Buffer,
  scene: Scene,
  positions: Float32Array,
  palette: Palette,
  emphasis: Emphasis,
) {
  const { numbers, words } = buffer(scene.nodes.length);
  const { selected, hovered, bright } = emphasis;
  for (let index = 0; index < scene.nodes.length; index++) {
    const node = scene.nodes[index];
    if (node === undefined) continue;
    const at = index * nodeStride;
    numbers[at] = positions[index * 2] ?? 0;
    numbers[at + 1] = positions[index * 2 + 1] ?? 0;
    numbers[at + 2] = scene.radii[index] ?? 0;
    numbers[at + 3] = sidesOf[node.shape] ?? 0;
    numbers[at + 4] = node.level ?? -1;
    numbers[at + 5] =
      (node.members > 0 ? nodeBits.group : 0) |
      (index === selected ? nodeBits.selected : 0) |
      (index === hovered ? nodeBits.hovered : 0) |
      (node.isPseudo ? nodeBits.pseudo : 0) |
      (bright === undefined || bright.has(index) ? 0 : nodeBits.dimmed);
    words[at + 6] = packed(palette.tones[node.tone]);
  }
  return { data: numbers.slice(0, scene.nodes.length * nodeStride), count: scene.nodes.length };
}

/** Areas behind the members of open groups. */
export function fillHulls(buffer: Buffer, scene: Scene, positions: Float32Array, palette: Palette) {
  const hulls = hullsOf(scene, positions);
  const { numbers, words } = buffer(hulls.length);
  for (const [group, { x, y, reach }] of hulls.entries()) {
    const at = group * nodeStride;
    numbers.set([x, y, reach, 0, -1, nodeBits.hull], at);
    words[at + 6] = packed(palette.line);
  }
  return { data: numbers.slice(0, hulls.length * nodeStride), count: hulls.length };
}

/** Wider where more flows; some pixels at most. */
const widthOf = (bytesPerS: number, count: number) =>
  Math.min(4.5, 1.1 + Math.log10(1 + bytesPerS / 2_000) * 0.55 + Math.log10(Math.max(count, 1)) * 0.9);

/** Drops a second; those that only stand open creep. */
const speedOf = (bytesPerS: number, connections: number) => {
  if (bytesPerS > 0) return Math.min(2.4, 0.35 + Math.log10(1 + bytesPerS / 1_000) * 0.35);
  return connections > 0 ? 0.22 : 0;
};

export function fillEdges(
  buffer: Buffer,
  scene: Scene,
  positions: Float32Array,
  palette: Palette,
  emphasis: Emphasis,
) {
  const { numbers, words } = buffer(scene.edges.length);
  const pointed = emphasis.hovered ?? emphasis.selected;
  const plain = packed(palette.line, 0.75);
  const faint = packed(palette.line, 0.1);
  const strong = packed(palette.accent, 1);
  let isFlowing = false;
  for (let index = 0; index < scene.edges.length; index++) {
    const edge = scene.edges[index];
    if (edge === undefined) continue;
    const { fromIndex, toIndex } = edge;
    const at = index * edgeStride;
    const isPointed = pointed !== undefined && (fromIndex === pointed || toIndex === pointed);
    const speed = speedOf(edge.bytesPerS, edge.connections);
    isFlowing ||= speed > 0;
    numbers[at] = positions[fromIndex * 2] ?? 0;
    numbers[at + 1] = positions[fromIndex * 2 + 1] ?? 0;
    numbers[at + 2] = positions[toIndex * 2] ?? 0;
    numbers[at + 3] = positions[toIndex * 2 + 1] ?? 0;
    numbers[at + 4] = scene.radii[fromIndex] ?? 0;
    numbers[at + 5] = scene.radii[toIndex] ?? 0;
    numbers[at + 6] = widthOf(edge.bytesPerS, edge.count);
    numbers[at + 7] = speed;
    numbers[at + 8] = edge.isTwin ? 4 : 0;
    words[at + 9] = isPointed ? strong : emphasis.bright === undefined ? plain : faint;
  }
  const count = scene.edges.length;
  return { data: numbers.slice(0, count * edgeStride), count, isFlowing };
}
