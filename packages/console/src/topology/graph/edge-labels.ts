/** What flows, written on edges: on those that stand for several, and on those of the node that is pointed at. */
import { formatNumber, formatRate } from '../../ui/index.ts';
import type { Emphasis } from './buffers.ts';
import { type Camera, type Point, type Size, toScreen } from './camera.ts';
import type { LabelRoom } from './label-room.ts';
import type { LabelInk } from './labels.ts';
import type { Scene, SceneEdge } from './scene.ts';

export interface EdgeLabel extends Point {
  readonly text: string;
}

const maxLabels = 60;
/** Shorter edges have no room for a number. */
const leastLengthPx = 64;
/** Where on its edge a number may stand, the best first. */
const shares = [0.5, 0.4, 0.6, 0.3, 0.7];
const [characterWidth, height, padding] = [6.2, 16, 5];

/** `×6 · 1.2 MiB/s`: how many it stands for, and what flows. */
export function edgeText({ count, bytesPerS, connections }: SceneEdge): string {
  const flow =
    bytesPerS > 0 ? formatRate(bytesPerS) : connections > 0 ? `${formatNumber(connections)} open` : '';
  return [count > 1 ? `×${formatNumber(count)}` : '', flow].filter((part) => part !== '').join(' · ');
}

const widthOf = (text: string) => text.length * characterWidth + 2 * padding;

/** What is written where, in the room that names have left; the busiest first. */
export function placeEdgeLabels(
  {
    scene,
    positions,
    emphasis,
  }: { readonly scene: Scene; readonly positions: Float32Array; readonly emphasis: Emphasis },
  camera: Camera,
  size: Size,
  room: LabelRoom,
): EdgeLabel[] {
  const pointed = emphasis.hovered ?? emphasis.selected;
  // While one node is pointed at, only what it does is told.
  const areAllTold = emphasis.hovered === undefined;
  const told = scene.edges.filter(
    ({ count, fromIndex, toIndex }) =>
      (areAllTold && count > 1) || fromIndex === pointed || toIndex === pointed,
  );
  const placed: EdgeLabel[] = [];
  for (const edge of told.sort((a, b) => b.bytesPerS - a.bytesPerS || b.count - a.count)) {
    if (placed.length >= maxLabels) break;
    const text = edgeText(edge);
    const [from, to] = [edge.fromIndex, edge.toIndex].map((index) =>
      toScreen(camera, size, { x: positions[index * 2] ?? 0, y: positions[index * 2 + 1] ?? 0 }),
    ) as [Point, Point];
    if (text === '' || Math.hypot(to.x - from.x, to.y - from.y) < leastLengthPx) continue;
    const width = widthOf(text);
    const at = shares
      .map((share) => ({ x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share }))
      .find(({ x, y }) => room.take({ left: x - width / 2, top: y - height / 2, width, height }));
    if (at !== undefined) placed.push({ ...at, text });
  }
  return placed;
}

export function drawEdgeLabels(
  context: CanvasRenderingContext2D,
  labels: readonly EdgeLabel[],
  ink: LabelInk,
): void {
  context.font = '500 10.5px "Inter Variable", sans-serif';
  context.textAlign = 'center';
  context.lineWidth = 1;
  for (const { x, y, text } of labels) {
    const width = context.measureText(text).width + 2 * padding;
    context.beginPath();
    context.roundRect(x - width / 2, y - height / 2, width, height, height / 2);
    context.fillStyle = ink.halo;
    context.strokeStyle = ink.line;
    context.fill();
    context.stroke();
    context.fillStyle = ink.text;
    context.fillText(text, x, y + 3.5);
  }
}
