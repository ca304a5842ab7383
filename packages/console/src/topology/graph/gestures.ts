/** Pointer, wheel and fingers as gestures of a map. */
import type { Point } from './camera.ts';

export interface Gestures {
  pan(dx: number, dy: number): void;
  zoom(at: Point, factor: number): void;
  hover(at: Point | undefined): void;
  click(at: Point): void;
  doubleClick(at: Point): void;
  /** @returns whether there is something to drag; else the map is panned */
  grab(at: Point): boolean;
  drag(at: Point): void;
  drop(): void;
}

/** Moved less than this, it was a click. */
const slackPx = 4;
const wheelSpeed = 0.0016;
const linePx = 16;

interface Press {
  readonly start: Point;
  last: Point;
  readonly hasGrabbed: boolean;
  hasMoved: boolean;
}

/** @returns what ends listening */
export function listenToGestures(element: HTMLElement, gestures: Gestures): () => void {
  const fingers = new Map<number, Point>();
  let press: Press | undefined;
  const end = new AbortController();
  const options = { signal: end.signal };
  const placeOf = ({ clientX, clientY }: MouseEvent): Point => {
    const { left, top } = element.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  };
  const span = () => {
    const [a, b] = [...fingers.values()];
    return a === undefined || b === undefined ? undefined : { a, b, apart: Math.hypot(a.x - b.x, a.y - b.y) };
  };

  const pinch = (event: PointerEvent) => {
    const before = span();
    fingers.set(event.pointerId, placeOf(event));
    const after = span();
    if (before === undefined || after === undefined) return;
    const middle = ({ a, b }: typeof after) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
    const [from, to] = [middle(before), middle(after)];
    gestures.pan(to.x - from.x, to.y - from.y);
    if (before.apart > 0) gestures.zoom(to, after.apart / before.apart);
  };

  const move = (event: PointerEvent) => {
    const at = placeOf(event);
    if (fingers.size > 1) return pinch(event);
    if (press === undefined) return gestures.hover(at);
    if (!press.hasMoved && Math.hypot(at.x - press.start.x, at.y - press.start.y) < slackPx) return;
    press.hasMoved = true;
    if (press.hasGrabbed) gestures.drag(at);
    else gestures.pan(at.x - press.last.x, at.y - press.last.y);
    press.last = at;
  };

  const release = (event: PointerEvent) => {
    fingers.delete(event.pointerId);
    if (press === undefined) return;
    if (press.hasGrabbed) gestures.drop();
    if (!press.hasMoved && event.type === 'pointerup') gestures.click(press.start);
    press = undefined;
  };

  element.addEventListener(
    'pointerdown',
    (event) => {
      if (event.button !== 0 || event.target instanceof HTMLButtonElement) return;
      element.setPointerCapture(event.pointerId);
      const at = placeOf(event);
      fingers.set(event.pointerId, at);
      press =
        fingers.size > 1
          ? undefined
          : { start: at, last: at, hasGrabbed: gestures.grab(at), hasMoved: false };
    },
    options,
  );
  element.addEventListener('pointermove', move, options);
  element.addEventListener('pointerup', release, options);
  element.addEventListener('pointercancel', release, options);
  element.addEventListener('pointerleave', () => gestures.hover(undefined), options);
  element.addEventListener('dblclick', (event) => gestures.doubleClick(placeOf(event)), options);
  element.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      const pixels = event.deltaMode === 0 ? event.deltaY : event.deltaY * linePx;
      gestures.zoom(placeOf(event), Math.exp(-pixels * wheelSpeed * (event.ctrlKey ? 6 : 1)));
    },
    { ...options, passive: false },
  );
  return () => end.abort();
}
