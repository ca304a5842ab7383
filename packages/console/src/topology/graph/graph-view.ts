/** The graph as a thing on the page: takes scenes, keeps them laid out and drawn, tells what a person does with it. */
import { type Clock, systemClock } from '@orchestrator/runtime/clock';
import { boundsOf, fitted, type Point, panned, sizeScale, toScreen, toWorld, zoomedAt } from './camera.ts';
import { type Gestures, listenToGestures } from './gestures.ts';
import { createLayoutClient, type LayoutClient } from './layout/client.ts';
import { edgeAt, neighboursOf, nodeAt, nodeTowards, type Scene } from './scene.ts';
import { createStage, type Stage } from './stage.ts';

/** What the pointer is on; `at` in pixels of the element. */
export interface Pointed {
  readonly kind: 'node' | 'edge';
  readonly index: number;
  readonly at: Point;
}

export interface GraphHandlers {
  /** Undefined: what was chosen is let go. */
  onChoose(id: string | undefined): void;
  onToggleGroup(name: string): void;
  onPoint(pointed: Pointed | undefined): void;
  /** The browser cannot draw it. */
  onFailed(message: string): void;
}

export interface GraphView {
  show(scene: Scene): void;
  choose(id: string | undefined): void;
  restyle(): void;
  fit(): void;
  zoomBy(factor: number): void;
  pan(dx: number, dy: number): void;
  /** Chooses the next node in a direction of the screen. */
  step(direction: Point): void;
  close(): void;
}

const edgeReachPx = 5;
/** Nearer to the border than this is out of sight. */
const borderPx = 30;
const revealZoom = 0.8;

/** What a person points at and holds. */
interface Hand {
  chosen: number | undefined;
  hovered: number | undefined;
  grabbed: number | undefined;
  /** Everything is kept in sight until a person looks somewhere else. */
  isFollowing: boolean;
}

function emphasise(stage: Stage, { chosen, hovered }: Hand): void {
  const bright = hovered === undefined ? undefined : neighboursOf(stage.scene, hovered);
  stage.emphasise({ selected: chosen, hovered, bright });
}

const worldOf = ({ camera, size }: Stage, at: Point) => toWorld(camera, size, at);

function findNode(stage: Stage, at: Point): number | undefined {
  const scale = sizeScale(stage.camera.zoom) / stage.camera.zoom;
  return nodeAt(stage.scene, stage.positions, worldOf(stage, at), scale);
}

/** Brings a node into sight; one that is in sight moves nothing. */
function reveal(stage: Stage, hand: Hand, index: number): void {
  const { targets, size, goal } = stage;
  const place = { x: targets[index * 2] ?? Number.NaN, y: targets[index * 2 + 1] ?? Number.NaN };
  if (Number.isNaN(place.x)) return;
  const { x, y } = toScreen(goal, size, place);
  const isSeen = x > borderPx && x < size.width - borderPx && y > borderPx && y < size.height - borderPx;
  if (isSeen) return;
  hand.isFollowing = false;
  stage.fly({ ...place, zoom: Math.max(stage.camera.zoom, revealZoom) });
}

function pointAt(
  stage: Stage,
  hand: Hand,
  handlers: GraphHandlers,
  at: Point | undefined,
): 'grab' | 'pointer' {
  const index = at === undefined ? undefined : findNode(stage, at);
  if (index !== hand.hovered) {
    hand.hovered = index;
    emphasise(stage, hand);
  }
  if (at === undefined) handlers.onPoint(undefined);
  else if (index !== undefined) handlers.onPoint({ kind: 'node', index, at });
  else {
    const edge = edgeAt(stage.scene, stage.positions, worldOf(stage, at), edgeReachPx / stage.camera.zoom);
    handlers.onPoint(edge === undefined ? undefined : { kind: 'edge', index: edge, at });
  }
  return index === undefined ? 'grab' : 'pointer';
}

function gesturesOf(
  stage: Stage,
  hand: Hand,
  { layout, handlers, container }: { layout: LayoutClient; handlers: GraphHandlers; container: HTMLElement },
): Gestures {
  return {
    pan(dx, dy) {
      hand.isFollowing = false;
      stage.move(panned(stage.camera, dx, dy));
    },
    zoom(at, factor) {
      hand.isFollowing = false;
      stage.move(zoomedAt(stage.camera, stage.size, at, factor));
    },
    hover(at) {
      container.style.cursor = pointAt(stage, hand, handlers, at);
    },
    click(at) {
      const index = findNode(stage, at);
      const node = index === undefined ? undefined : stage.scene.nodes[index];
      if (node !== undefined && node.members > 0 && node.group !== undefined)
        handlers.onToggleGroup(node.group);
      else handlers.onChoose(node?.id);
    },
    doubleClick: (at) => stage.fly(zoomedAt(stage.camera, stage.size, at, 1.8)),
    grab(at) {
      hand.grabbed = findNode(stage, at);
      return hand.grabbed !== undefined;
    },
    drag(at) {
      if (hand.grabbed === undefined) return;
      hand.isFollowing = false;
      const place = worldOf(stage, at);
      stage.put(hand.grabbed, place.x, place.y);
      layout.pin(hand.grabbed, place);
    },
    drop() {
      hand.grabbed = undefined;
    },
  };
}

/** Pressing or dragging on the small map looks there. @returns what ends it */
function followMap(map: HTMLCanvasElement, stage: Stage, hand: Hand): () => void {
  const end = new AbortController();
  const jump = ({ buttons, offsetX, offsetY }: PointerEvent) => {
    const place = stage.minimap.placeOf({ x: offsetX, y: offsetY });
    if (buttons !== 1 || place === undefined) return;
    hand.isFollowing = false;
    stage.move({ ...stage.camera, ...place });
  };
  for (const type of ['pointerdown', 'pointermove'] as const) {
    map.addEventListener(type, jump, { signal: end.signal });
  }
  return () => end.abort();
}

/**
 * `container` tells of its state in `data-nodes`, `data-edges`, `data-layout` (`running`, `settled`) and `data-painted`.
 *
 * @throws Error if the browser cannot draw beside the page
 */
export function createGraphView(
  container: HTMLElement,
  map: HTMLCanvasElement,
  handlers: GraphHandlers,
  clock: Clock = systemClock,
): GraphView {
  const hand: Hand = { chosen: undefined, hovered: undefined, grabbed: undefined, isFollowing: true };
  let hasLooked = false;
  const stage = createStage({
    ...{ container, map, clock, onFailed: handlers.onFailed },
    onPainted: () => {
      container.dataset.painted = '';
      performance.mark('graph drawn');
    },
  });

  const keepInSight = () => {
    const bounds = boundsOf(stage.targets);
    if (!hand.isFollowing || bounds === undefined) return;
    const goal = fitted(bounds, stage.size);
    if (hasLooked) stage.fly(goal);
    else stage.move(goal);
    hasLooked = true;
  };

  const layout = createLayoutClient((positions, isSettled) => {
    // What one holds in the hand stays there.
    if (hand.grabbed !== undefined) {
      const at = hand.grabbed * 2;
      positions.set(stage.positions.subarray(at, at + 2), at);
    }
    stage.place(positions);
    container.dataset.layout = isSettled ? 'settled' : 'running';
    if (isSettled) performance.mark('graph settled');
    keepInSight();
  });

  const stopListening = listenToGestures(container, gesturesOf(stage, hand, { layout, handlers, container }));
  const stopFollowingMap = followMap(map, stage, hand);
  const observer = new ResizeObserver(() => {
    stage.resize({ width: container.clientWidth, height: container.clientHeight });
    keepInSight();
    if (hand.chosen !== undefined) reveal(stage, hand, hand.chosen);
  });
  observer.observe(container);

  return {
    show(scene) {
      const chosenId = hand.chosen === undefined ? undefined : stage.scene.nodes[hand.chosen]?.id;
      if (scene.shape !== stage.scene.shape) Object.assign(hand, { hovered: undefined, grabbed: undefined });
      hand.chosen = chosenId === undefined ? undefined : scene.indexOf.get(chosenId);
      stage.show(scene);
      container.dataset.nodes = String(scene.nodes.length);
      container.dataset.edges = String(scene.edges.length);
      if (layout.take(scene)) container.dataset.layout = 'running';
      emphasise(stage, hand);
    },
    choose(id) {
      const index = id === undefined ? undefined : stage.scene.indexOf.get(id);
      if (index === hand.chosen) return;
      hand.chosen = index;
      if (index !== undefined) reveal(stage, hand, index);
      emphasise(stage, hand);
    },
    restyle: () => stage.restyle(),
    fit() {
      hand.isFollowing = true;
      keepInSight();
    },
    zoomBy(factor) {
      hand.isFollowing = false;
      const { size, goal } = stage;
      stage.fly(zoomedAt(goal, size, { x: size.width / 2, y: size.height / 2 }, factor));
    },
    pan(dx, dy) {
      hand.isFollowing = false;
      stage.move(panned(stage.camera, dx, dy));
    },
    step(direction) {
      const { scene, positions } = stage;
      const { chosen } = hand;
      const next =
        chosen === undefined ? scene.byWeight[0] : nodeTowards(scene, positions, chosen, direction);
      const node = next === undefined ? undefined : scene.nodes[next];
      if (node !== undefined) handlers.onChoose(node.id);
    },
    close() {
      layout.close();
      stopListening();
      stopFollowingMap();
      observer.disconnect();
      stage.close();
    },
  };
}
