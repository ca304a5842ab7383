/** The graph as a thing on the page: takes scenes, keeps them laid out and drawn, tells what a person does with it. */
import { type Clock, systemClock, type Timer } from '@orchestrator/runtime/clock';
import type { Emphasis } from './buffers.ts';
import {
  boundsOf,
  type Camera,
  fitted,
  type Point,
  panned,
  type Size,
  sizeScale,
  toScreen,
  toWorld,
  zoomedAt,
} from './camera.ts';
import { listenToGestures } from './gestures.ts';
import type { LayoutAnswer, LayoutRequest } from './layout/messages.ts';
import { createMinimap } from './minimap.ts';
import { approach, createFlight, type Flight } from './motion.ts';
import { createRenderer } from './renderer.ts';
import { carryPositions, edgeAt, layoutGraphOf, nodeAt, nodeTowards, type Scene } from './scene.ts';
import { createSeenLinks } from './seen-links.ts';

/** What the pointer is on; `at` in pixels of the element. */
export type Pointed =
  | { readonly kind: 'node'; readonly index: number; readonly at: Point }
  | { readonly kind: 'edge'; readonly index: number; readonly at: Point };

export interface GraphHandlers {
  /** Undefined: what was chosen is let go. */
  onChoose(id: string | undefined): void;
  onToggleGroup(name: string): void;
  onPoint(pointed: Pointed | undefined): void;
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

/** With more nodes than this they jump to their places, and pictures of the layout are fewer. */
const smoothNodes = 3_000;
const minimapEveryMs = 250;
/** Names are written again this long after the view came to rest, and seldom while it moves. */
const namesEveryMs = 60;
const flowFrameMs = 30;
const edgeReachPx = 5;
/** Nearer to the edge than this is out of sight. */
const edgePx = 30;
const revealZoom = 0.8;
/** With this share of new links the picture is made anew rather than mended. */
const newsShare = 0.25;

const emptyScene: Scene = {
  ...{ nodes: [], edges: [], indexOf: new Map(), radii: new Float32Array(), groups: new Int32Array() },
  ...{ groupNames: [], byWeight: new Uint32Array(), shape: '' },
};

function makeCanvas(container: HTMLElement, name: string): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.dataset.layer = name;
  canvas.setAttribute('aria-hidden', 'true');
  container.append(canvas);
  return canvas;
}

export function createGraphView(
  container: HTMLElement,
  map: HTMLCanvasElement,
  handlers: GraphHandlers,
  clock: Clock = systemClock,
): GraphView {
  const renderer = createRenderer(makeCanvas(container, 'graph'), makeCanvas(container, 'names'));
  const names = container.querySelector<HTMLCanvasElement>('[data-layer="names"]');
  const minimap = createMinimap(map);
  const worker = new Worker(new URL('./layout/worker.ts', import.meta.url), { type: 'module' });
  const isCalm = window.matchMedia('(prefers-reduced-motion: reduce)');

  const links = createSeenLinks();

  let scene = emptyScene;
  let positions = new Float32Array();
  let targets = new Float32Array();
  let version = 0;
  let size: Size = { width: 1, height: 1 };
  let camera: Camera = { x: 0, y: 0, zoom: 1 };
  let flight: Flight | undefined;
  /** Everything is kept in sight until a person looks somewhere else. */
  let isFollowing = true;
  let [chosen, hovered, grabbed]: (number | undefined)[] = [];
  let emphasis: Emphasis = { selected: undefined, hovered: undefined, bright: undefined };
  let [isLoaded, isDrawn, hasArrived] = [false, false, true];
  let [frame, lastDrawMs, lastNamesMs, lastMapMs] = [0, 0, 0, 0];
  let namesCamera = camera;
  let rest: Timer | undefined;

  const send = (request: LayoutRequest) => worker.postMessage(request);

  const neighboursOf = (index: number): ReadonlySet<number> => {
    const found = new Set([index]);
    for (const { fromIndex, toIndex } of scene.edges) {
      if (fromIndex === index) found.add(toIndex);
      if (toIndex === index) found.add(fromIndex);
    }
    return found;
  };

  const emphasise = () => {
    const bright = hovered === undefined ? undefined : neighboursOf(hovered);
    emphasis = { selected: chosen, hovered, bright };
    isLoaded = false;
    redraw();
  };

  const redraw = () => {
    isDrawn = false;
    if (frame === 0) frame = requestAnimationFrame(paint);
  };

  const move = (next: Camera) => {
    camera = next;
    redraw();
  };

  const keepInSight = () => {
    const bounds = boundsOf(targets);
    if (!isFollowing || bounds === undefined) return;
    const goal = fitted(bounds, size);
    const isFirst = container.dataset.drawn === undefined;
    if (isFirst) move(goal);
    else fly(goal);
  };

  const fly = (goal: Camera) => {
    if (isCalm.matches) return move(goal);
    flight = createFlight(camera, goal, clock.monotonicMs());
    redraw();
  };

  /** While the view moves, names are moved with it and written anew only now and then. */
  const writeNames = (nowMs: number) => {
    if (names === null) return;
    const isMoving = camera !== namesCamera && nowMs - lastNamesMs < namesEveryMs;
    if (!isMoving) {
      names.style.transform = '';
      renderer.drawNames({ scene, positions, emphasis }, camera);
      [namesCamera, lastNamesMs] = [camera, nowMs];
      return;
    }
    const zoom = camera.zoom / namesCamera.zoom;
    const origin = toScreen(camera, size, toWorld(namesCamera, size, { x: 0, y: 0 }));
    names.style.transform = `translate(${origin.x}px, ${origin.y}px) scale(${zoom})`;
    rest?.cancel();
    rest = clock.after(namesEveryMs, redraw);
  };

  const paint = () => {
    frame = 0;
    const nowMs = clock.monotonicMs();
    if (flight !== undefined) {
      camera = flight.at(nowMs) ?? flight.target;
      flight = camera === flight.target ? undefined : flight;
      isDrawn = false;
    }
    if (!hasArrived) {
      hasArrived = approach(positions, targets, scene.nodes.length > smoothNodes || isCalm.matches ? 1 : 0.3);
      [isLoaded, isDrawn] = [false, false];
    }
    const isDue = renderer.isFlowing && !isCalm.matches && nowMs - lastDrawMs >= flowFrameMs;
    if (!isDrawn || isDue) draw(nowMs);
    const goesOn = flight !== undefined || !hasArrived || (renderer.isFlowing && !isCalm.matches);
    if (goesOn) frame = requestAnimationFrame(paint);
  };

  const draw = (nowMs: number) => {
    const isStill = isDrawn;
    if (!isLoaded) renderer.load({ scene, positions, emphasis });
    isLoaded = true;
    renderer.draw(camera, (nowMs / 1_000) % 3_600);
    [isDrawn, lastDrawMs] = [true, nowMs];
    if (isStill) return;
    writeNames(nowMs);
    drawMap(nowMs);
    if (scene.nodes.length > 0 && container.dataset.drawn === undefined) {
      container.dataset.drawn = '';
      performance.mark('graph drawn');
    }
  };

  const drawMap = (nowMs: number) => {
    if (nowMs - lastMapMs > minimapEveryMs || hasArrived) {
      minimap.drawNodes(scene, positions, renderer.palette);
      lastMapMs = nowMs;
    }
    minimap.drawFrame(camera, size, renderer.palette);
  };

  worker.onmessage = ({ data }: MessageEvent<LayoutAnswer>) => {
    if (data.version !== version) return;
    const isFirst = container.dataset.drawn === undefined;
    targets = data.positions;
    if (isFirst || positions.length !== targets.length) positions = targets.slice();
    // What one holds in the hand stays there.
    if (grabbed !== undefined) targets.set(positions.subarray(grabbed * 2, grabbed * 2 + 2), grabbed * 2);
    hasArrived = false;
    container.dataset.layout = data.isSettled ? 'settled' : 'running';
    if (data.isSettled) performance.mark('graph settled');
    keepInSight();
    redraw();
  };

  const worldOf = (at: Point) => toWorld(camera, size, at);
  const find = (at: Point) => nodeAt(scene, positions, worldOf(at), sizeScale(camera.zoom) / camera.zoom);

  const hover = (at: Point | undefined) => {
    const index = at === undefined ? undefined : find(at);
    if (index !== hovered) {
      hovered = index;
      emphasise();
    }
    container.style.cursor = index === undefined ? 'grab' : 'pointer';
    if (at === undefined) handlers.onPoint(undefined);
    else if (index !== undefined) handlers.onPoint({ kind: 'node', index, at });
    else {
      const edge = edgeAt(scene, positions, worldOf(at), edgeReachPx / camera.zoom);
      handlers.onPoint(edge === undefined ? undefined : { kind: 'edge', index: edge, at });
    }
  };

  const choose = (index: number | undefined) => {
    const node = index === undefined ? undefined : scene.nodes[index];
    if (node !== undefined && node.members > 0 && node.group !== undefined)
      handlers.onToggleGroup(node.group);
    else handlers.onChoose(node?.id);
  };

  const stopListening = listenToGestures(container, {
    pan(dx, dy) {
      [isFollowing, flight] = [false, undefined];
      move(panned(camera, dx, dy));
    },
    zoom(at, factor) {
      [isFollowing, flight] = [false, undefined];
      move(zoomedAt(camera, size, at, factor));
    },
    hover,
    click: (at) => choose(find(at)),
    doubleClick: (at) => fly(zoomedAt(camera, size, at, 1.8)),
    grab(at) {
      grabbed = find(at);
      return grabbed !== undefined;
    },
    drag(at) {
      if (grabbed === undefined) return;
      isFollowing = false;
      const place = worldOf(at);
      positions.set([place.x, place.y], grabbed * 2);
      if (targets.length === positions.length) targets.set([place.x, place.y], grabbed * 2);
      send({ kind: 'pin', index: grabbed, place });
      isLoaded = false;
      redraw();
    },
    drop() {
      grabbed = undefined;
    },
  });

  /** Brings a node into sight; one that is in sight moves nothing. */
  const reveal = (index: number) => {
    const place = { x: targets[index * 2] ?? 0, y: targets[index * 2 + 1] ?? 0 };
    const { x, y } = toScreen(flight?.target ?? camera, size, place);
    const isSeen = x > edgePx && x < size.width - edgePx && y > edgePx && y < size.height - edgePx;
    if (isSeen) return;
    isFollowing = false;
    fly({ ...place, zoom: Math.max(camera.zoom, revealZoom) });
  };

  const jump = (event: PointerEvent) => {
    if (event.buttons !== 1) return;
    const place = minimap.placeOf({ x: event.offsetX, y: event.offsetY });
    if (place === undefined) return;
    [isFollowing, flight] = [false, undefined];
    move({ ...camera, ...place });
  };
  map.addEventListener('pointerdown', jump);
  map.addEventListener('pointermove', jump);

  const observer = new ResizeObserver(() => {
    size = { width: container.clientWidth, height: container.clientHeight };
    renderer.resize(size);
    namesCamera = camera;
    keepInSight();
    lastNamesMs = 0;
    redraw();
  });
  observer.observe(container);

  return {
    show(next) {
      const chosenId = chosen === undefined ? undefined : scene.nodes[chosen]?.id;
      const isSameShape = next.shape === scene.shape;
      if (!isSameShape) {
        positions = carryPositions(next, scene, positions);
        targets = positions.slice();
        hovered = undefined;
        grabbed = undefined;
      }
      scene = next;
      chosen = chosenId === undefined ? undefined : next.indexOf.get(chosenId);
      container.dataset.nodes = String(next.nodes.length);
      container.dataset.edges = String(next.edges.length);
      const before = links.count;
      const added = links.take(next);
      if (!isSameShape || added > 0) {
        version++;
        container.dataset.layout = 'running';
        const isNews = added > before * newsShare;
        send({ kind: 'graph', version, graph: layoutGraphOf(next, links.pairs(), isNews) });
      }
      if (container.dataset.drawn !== undefined) emphasise();
    },
    choose(id) {
      const index = id === undefined ? undefined : scene.indexOf.get(id);
      if (index === chosen) return;
      chosen = index;
      if (index !== undefined) reveal(index);
      emphasise();
    },
    restyle() {
      renderer.restyle();
      isLoaded = false;
      redraw();
    },
    fit() {
      isFollowing = true;
      keepInSight();
    },
    zoomBy(factor) {
      isFollowing = false;
      const from = flight?.target ?? camera;
      fly(zoomedAt(from, size, { x: size.width / 2, y: size.height / 2 }, factor));
    },
    pan(dx, dy) {
      isFollowing = false;
      move(panned(camera, dx, dy));
    },
    step(direction) {
      const from = chosen ?? scene.byWeight[0];
      const next =
        chosen === undefined || from === undefined ? from : nodeTowards(scene, positions, from, direction);
      const node = next === undefined ? undefined : scene.nodes[next];
      if (node !== undefined) handlers.onChoose(node.id);
    },
    close() {
      worker.terminate();
      stopListening();
      observer.disconnect();
      map.removeEventListener('pointerdown', jump);
      map.removeEventListener('pointermove', jump);
      cancelAnimationFrame(frame);
      rest?.cancel();
      renderer.close();
      for (const canvas of container.querySelectorAll('canvas[data-layer]')) canvas.remove();
      delete container.dataset.drawn;
    },
  };
}
