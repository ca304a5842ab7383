/** Names beside nodes: as many as fit without covering each other, the most telling first. */
import { token } from '../../theme/theme.ts';
import type { Tone } from '../../ui/index.ts';
import type { Emphasis } from './buffers.ts';
import { type Camera, type Size, sizeScale, toScreen } from './camera.ts';
import { hullsOf, middlesOf } from './hulls.ts';
import type { LabelRoom } from './label-room.ts';
import type { Scene } from './scene.ts';

export interface PlacedLabel {
  readonly index: number;
  readonly x: number;
  readonly y: number;
  readonly text: string;
  /** Second line; empty for none. */
  readonly minor: string;
  readonly tone: Tone;
}

const [maxLabels, maxCharacters] = [160, 26];
/** In pixels: of a character, of a line, from a node to its name, from the top of a line to where its letters stand. */
const [characterWidth, lineHeight, gapPx, baseline] = [6.1, 13, 3, 10];
/** Smaller nodes are named only when they are pointed at. */
const leastRadius = 3.2;
const detailZoom = 0.85;
const clusterZoom = 0.62;

/** Keeps what tells one from another: the end of a path, both ends of anything else. */
export function shortened(text: string): string {
  if (text.length <= maxCharacters) return text;
  const end = text.slice(1 - maxCharacters);
  if (/^\S*\/\S*$/.test(text)) return `…${end.slice(Math.max(0, end.indexOf('/')))}`;
  const half = Math.floor(maxCharacters / 2);
  return `${text.slice(0, half)}…${text.slice(1 - half)}`;
}

/** Pure: which names are written where. */
export function placeLabels(
  {
    scene,
    positions,
    emphasis,
  }: { readonly scene: Scene; readonly positions: Float32Array; readonly emphasis: Emphasis },
  camera: Camera,
  { width, height }: Size,
  room: LabelRoom,
): PlacedLabel[] {
  const placed: PlacedLabel[] = [];
  const scale = sizeScale(camera.zoom);
  const put = (index: number, isForced: boolean) => {
    const node = scene.nodes[index];
    if (node === undefined) return;
    const x = ((positions[index * 2] ?? 0) - camera.x) * camera.zoom + width / 2;
    const middle = ((positions[index * 2 + 1] ?? 0) - camera.y) * camera.zoom + height / 2;
    const radius = Math.max(2, (scene.radii[index] ?? 0) * scale);
    if (x < -40 || x > width + 40 || middle < -40 || middle > height + 40) return;
    if (!isForced && radius < leastRadius) return;
    const text = shortened(node.label);
    const minor = isForced || camera.zoom > detailZoom || node.members > 0 ? shortened(node.minor) : '';
    const lines = minor === '' ? 1 : 2;
    const textWidth = Math.max(text.length, minor.length * 0.9) * characterWidth;
    // Below the node, or above it where something else is written below.
    const tops = [middle + radius + gapPx, middle - radius - gapPx - lines * lineHeight];
    const top = tops.find((each) =>
      room.take({ left: x - textWidth / 2, top: each, width: textWidth, height: lines * lineHeight }),
    );
    if (top === undefined && !isForced) return;
    placed.push({ index, x, y: (top ?? tops[0] ?? 0) + baseline, text, minor, tone: node.tone });
  };
  for (const index of [emphasis.hovered, emphasis.selected]) if (index !== undefined) put(index, true);
  const first = new Set([emphasis.hovered, emphasis.selected]);
  // From afar, clusters are named, and not what is in them.
  if (scene.groupNames.length > 0 && camera.zoom < clusterZoom && scene.nodes.length > 120) return placed;
  for (const index of scene.byWeight) {
    if (placed.length >= maxLabels) break;
    const isDimmed = emphasis.bright !== undefined && !emphasis.bright.has(index);
    if (!isDimmed && !first.has(index)) put(index, false);
  }
  return placed;
}

export interface ClusterLabel {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

const hullGapPx = 6;
/** Fewer are no cluster. */
const leastMembers = 3;

/** Names of open groups, at the upper border of their areas. */
const placeHullLabels = (scene: Scene, positions: Float32Array, camera: Camera, size: Size): ClusterLabel[] =>
  hullsOf(scene, positions).map(({ name, x, y, reach }) => {
    const top = toScreen(camera, size, { x, y: y - reach });
    return { x: top.x, y: top.y - hullGapPx, text: shortened(name) };
  });

/** Pure: names of clusters in their middles, where nodes are too small to be named. */
export function placeClusterLabels(
  { scene, positions }: { readonly scene: Scene; readonly positions: Float32Array },
  camera: Camera,
  { width, height }: Size,
): ClusterLabel[] {
  if (scene.groupNames.length === 0) return [];
  if (camera.zoom >= clusterZoom) return placeHullLabels(scene, positions, camera, { width, height });
  const taken: { readonly x: number; readonly y: number; readonly reach: number }[] = [];
  const placed: ClusterLabel[] = [];
  for (const { name, x, y, members } of middlesOf(scene, positions).sort((a, b) => b.members - a.members)) {
    if (members < leastMembers || placed.length >= maxLabels) break;
    const at = toScreen(camera, { width, height }, { x, y });
    const text = `${shortened(name.slice(name.lastIndexOf('/') + 1))} ×${members}`;
    const reach = (text.length * characterWidth * 1.15) / 2;
    const isCrowded = taken.some(
      (other) => Math.abs(other.y - at.y) < 18 && Math.abs(other.x - at.x) < other.reach + reach,
    );
    if (isCrowded) continue;
    taken.push({ ...at, reach });
    placed.push({ ...at, text });
  }
  return placed;
}

export interface LabelInk {
  readonly text: string;
  readonly minor: string;
  readonly halo: string;
  readonly line: string;
  /** Of nodes that need to be looked at. */
  readonly warn: string;
  readonly bad: string;
}

export const readLabelInk = (): LabelInk => ({
  text: token('--text'),
  minor: token('--text-3'),
  halo: token('--canvas'),
  line: token('--line-strong'),
  warn: token('--warn'),
  bad: token('--bad'),
});

const clusterFont = '600 12.5px "Inter Variable", sans-serif';
const [textFont, minorFont] = [
  '500 11.5px "Inter Variable", sans-serif',
  '400 10.5px "Inter Variable", sans-serif',
];

export function drawLabels(
  context: CanvasRenderingContext2D,
  labels: readonly PlacedLabel[],
  clusters: readonly ClusterLabel[],
  ink: LabelInk,
): void {
  context.textAlign = 'center';
  context.lineJoin = 'round';
  context.lineWidth = 3;
  context.strokeStyle = ink.halo;
  context.fillStyle = ink.text;
  context.font = clusterFont;
  for (const { x, y, text } of clusters) {
    context.strokeText(text, x, y);
    context.fillText(text, x, y);
  }
  context.font = textFont;
  for (const { x, y, text } of labels) {
    context.strokeText(text, x, y);
    context.fillText(text, x, y);
  }
  context.font = minorFont;
  for (const { x, y, minor, tone } of labels) {
    if (minor === '') continue;
    context.fillStyle = tone === 'warn' || tone === 'bad' ? ink[tone] : ink.minor;
    context.strokeText(minor, x, y + 13);
    context.fillText(minor, x, y + 13);
  }
}
