import { expect, it } from 'vitest';
import type { DrawnEdge, DrawnNode } from '../model/drawn.ts';
import { edgeText, placeEdgeLabels } from './edge-labels.ts';
import { createLabelRoom } from './label-room.ts';
import { placeLabels, shortened } from './labels.ts';
import { sceneOf } from './scene.ts';

const node = (id: string): DrawnNode => ({
  ...{ id, label: `container-${id}`, minor: 'alpha', shape: 'hexagon', tone: 'ok', isPseudo: false },
  ...{ members: 0, level: undefined, size: undefined, group: undefined, kind: '' },
});
const edge = (from: string, to: string, count: number): DrawnEdge => ({
  ...{ from, to, count, connections: count, bytesPerS: count * 1024 },
});
const camera = { x: 0, y: 0, zoom: 1 };
const size = { width: 800, height: 600 };
const emphasis = { selected: undefined, hovered: undefined, bright: undefined };
const pictureOf = (places: readonly (readonly [number, number])[], edges: readonly DrawnEdge[] = []) => ({
  scene: sceneOf({ nodes: places.map((_, index) => node(String(index))), edges, tones: new Map() }, false),
  positions: Float32Array.from(places.flat()),
  emphasis,
});

it('writes names below nodes, above where another name is below, and not where both are taken', () => {
  const close = pictureOf([
    [0, 0],
    [20, 4],
    [40, 8],
  ]);
  const placed = placeLabels(close, camera, size, createLabelRoom());
  expect(placed.map(({ y }) => y - size.height / 2 > 4)).toEqual([true, false]);
});

it('keeps the end of a path, and both ends of a name', () => {
  expect(shortened('/opt/company/services/payments/bin/server')).toBe('…/payments/bin/server');
  expect(shortened('payments-service-7f9c6d5b8-x2kqz')).toBe('payments-serv…c6d5b8-x2kqz');
  expect(shortened('sh -c while true')).toBe('sh -c while true');
});

it('writes on an edge how many it stands for and what flows, beside the names and on one node’s when it is chosen', () => {
  const picture = pictureOf(
    [
      [-200, 0],
      [200, 0],
      [0, 200],
    ],
    [edge('0', '1', 3), edge('0', '2', 1)],
  );
  const texts = (selected: number | undefined) =>
    placeEdgeLabels({ ...picture, emphasis: { ...emphasis, selected } }, camera, size, createLabelRoom()).map(
      ({ text }) => text,
    );
  expect(texts(undefined)).toEqual(['×3 · 3 KiB/s']);
  expect(texts(2)).toEqual(['×3 · 3 KiB/s', '1 KiB/s']);
  const room = createLabelRoom();
  room.take({ left: 380, top: 290, width: 40, height: 20 });
  const [moved] = placeEdgeLabels(picture, camera, size, room);
  expect(moved?.x).not.toBe(400);
});

it('says that something is open where no rate is known', () => {
  const [open] = pictureOf(
    [
      [0, 0],
      [9, 9],
    ],
    [{ ...edge('0', '1', 1), bytesPerS: 0, connections: 2 }],
  ).scene.edges;
  expect(open && edgeText(open)).toBe('2 open');
});
