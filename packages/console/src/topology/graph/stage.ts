/** What is on the screen from one frame to the next: the scene, where its nodes are on their way to, and the camera. */
import type { Clock, Timer } from '@orchestrator/runtime/clock';
import type { Emphasis } from './buffers.ts';
import { type Camera, type Size, toScreen, toWorld } from './camera.ts';
import { createMinimap, type Minimap } from './minimap.ts';
import { approach, createFlight, type Flight } from './motion.ts';
import { createRenderer, type Renderer } from './renderer.ts';
import { carryPositions, emptyScene, type Scene } from './scene.ts';

export interface Stage {
  readonly scene: Scene;
  /** x and y by node, as drawn; NaN for what has no place yet. */
  readonly positions: Float32Array<ArrayBuffer>;
  /** Where they are on their way to. */
  readonly targets: Float32Array<ArrayBuffer>;
  readonly camera: Camera;
  /** Where the camera is on its way to. */
  readonly goal: Camera;
  readonly size: Size;
  readonly minimap: Minimap;
  show(scene: Scene): void;
  place(targets: Float32Array<ArrayBuffer>): void;
  /** A node goes where a hand takes it, at once. */
  put(index: number, x: number, y: number): void;
  emphasise(emphasis: Emphasis): void;
  move(camera: Camera): void;
  fly(camera: Camera): void;
  resize(size: Size): void;
  restyle(): void;
  close(): void;
}

export interface StageOptions {
  readonly container: HTMLElement;
  readonly map: HTMLCanvasElement;
  readonly clock: Clock;
  readonly onPainted: () => void;
  readonly onFailed: (message: string) => void;
}

/** With more nodes than this they jump to their places. */
const smoothNodes = 600;
const nearing = 0.3;
const minimapEveryMs = 250;
/** While the view moves, names move with it, and are written anew after this time. */
const namesEveryMs = 60;

const plain: Emphasis = { selected: undefined, hovered: undefined, bright: undefined };

function makeCanvas(container: HTMLElement, layer: string): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.dataset.layer = layer;
  canvas.setAttribute('aria-hidden', 'true');
  container.append(canvas);
  return canvas;
}

/** Names are costly to write, so a canvas that holds them is moved along instead, for a while. */
function createNames(canvas: HTMLCanvasElement, renderer: Renderer, clock: Clock, redraw: () => void) {
  let written: Camera | undefined;
  let [lastMs, rest]: [number, Timer | undefined] = [0, undefined];
  return {
    draw(stage: Pick<Stage, 'scene' | 'positions' | 'camera' | 'size'>, emphasis: Emphasis, nowMs: number) {
      const { scene, positions, camera, size } = stage;
      rest?.cancel();
      if (written !== undefined && camera !== written && nowMs - lastMs < namesEveryMs) {
        const origin = toScreen(camera, size, toWorld(written, size, { x: 0, y: 0 }));
        canvas.style.transform = `translate(${origin.x}px, ${origin.y}px) scale(${camera.zoom / written.zoom})`;
        rest = clock.after(namesEveryMs, redraw);
        return;
      }
      canvas.style.transform = '';
      renderer.drawNames({ scene, positions, emphasis }, camera);
      [written, lastMs] = [camera, nowMs];
    },
    /** The canvas is empty after a change of its size. */
    forget() {
      written = undefined;
    },
    close: () => rest?.cancel(),
  };
}

/** @throws Error if the browser cannot draw beside the page */
export function createStage({ container, map, clock, onPainted, onFailed }: StageOptions): Stage {
  const isCalm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
  const [canvas, nameCanvas] = [makeCanvas(container, 'graph'), makeCanvas(container, 'names')];
  const renderer = createRenderer({ canvas, names: nameCanvas, isCalm, onPainted, onFailed });
  const minimap = createMinimap(map);
  let [scene, emphasis] = [emptyScene, plain];
  let positions = new Float32Array();
  let targets = new Float32Array();
  let size: Size = { width: 1, height: 1 };
  let camera: Camera = { x: 0, y: 0, zoom: 1 };
  let flight: Flight | undefined;
  let [isLoaded, hasArrived, isMapDue] = [false, true, false];
  let [frame, lastMapMs] = [0, 0];

  const redraw = () => {
    if (frame === 0) frame = requestAnimationFrame(paint);
  };
  const reload = () => {
    isLoaded = false;
    redraw();
  };
  const names = createNames(nameCanvas, renderer, clock, redraw);

  const advance = (nowMs: number) => {
    if (flight !== undefined) {
      camera = flight.at(nowMs) ?? flight.target;
      if (camera === flight.target) flight = undefined;
    }
    if (hasArrived) return;
    hasArrived = approach(positions, targets, scene.nodes.length > smoothNodes || isCalm ? 1 : nearing);
    [isLoaded, isMapDue] = [false, true];
  };

  const paint = () => {
    frame = 0;
    const nowMs = clock.monotonicMs();
    advance(nowMs);
    if (!isLoaded) renderer.load({ scene, positions, emphasis });
    isLoaded = true;
    renderer.look(camera);
    names.draw({ scene, positions, camera, size }, emphasis, nowMs);
    if (isMapDue && (hasArrived || nowMs - lastMapMs > minimapEveryMs)) {
      minimap.drawNodes(scene, positions, renderer.palette);
      [isMapDue, lastMapMs] = [false, nowMs];
    }
    minimap.drawFrame(camera, size, renderer.palette);
    if (flight !== undefined || !hasArrived) redraw();
  };

  const move = (next: Camera) => {
    [camera, flight] = [next, undefined];
    redraw();
  };

  return {
    get scene() {
      return scene;
    },
    get positions() {
      return positions;
    },
    get targets() {
      return targets;
    },
    get camera() {
      return camera;
    },
    get goal() {
      return flight?.target ?? camera;
    },
    get size() {
      return size;
    },
    minimap,
    show(next) {
      if (next.shape !== scene.shape) {
        positions = carryPositions(next, scene, positions);
        targets = positions.slice();
        hasArrived = true;
      }
      scene = next;
      isMapDue = true;
      reload();
    },
    place(next) {
      targets = next;
      hasArrived = false;
      redraw();
    },
    put(index, x, y) {
      for (const all of [positions, targets]) all.set([x, y], index * 2);
      reload();
    },
    emphasise(next) {
      emphasis = next;
      reload();
    },
    move,
    fly(goal) {
      if (isCalm) return move(goal);
      flight = createFlight(camera, goal, clock.monotonicMs());
      redraw();
    },
    resize(next) {
      size = next;
      renderer.resize(size);
      names.forget();
      redraw();
    },
    restyle() {
      renderer.restyle();
      isMapDue = true;
      names.forget();
      reload();
    },
    close() {
      cancelAnimationFrame(frame);
      names.close();
      renderer.close();
      canvas.remove();
      nameCanvas.remove();
    },
  };
}
