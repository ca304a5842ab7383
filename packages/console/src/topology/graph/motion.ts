/** What moves between two pictures: the camera towards where it is sent, nodes towards where the layout puts them. */
import { between, type Camera } from './camera.ts';

const flightMs = 320;
const ease = (share: number) => 1 - (1 - share) ** 3;

export interface Flight {
  /** Undefined when it has arrived. */
  at(nowMs: number): Camera | undefined;
  readonly target: Camera;
}

export function createFlight(from: Camera, target: Camera, startMs: number): Flight {
  return {
    target,
    at(nowMs) {
      const share = (nowMs - startMs) / flightMs;
      return share >= 1 ? undefined : between(from, target, ease(Math.max(0, share)));
    },
  };
}

const closeEnough = 0.3;

/** Moves `positions` part of the way to `targets`. @returns whether they have arrived */
export function approach(positions: Float32Array, targets: Float32Array, share: number): boolean {
  let farthest = 0;
  for (let at = 0; at < positions.length; at++) {
    const from = positions[at] ?? Number.NaN;
    // What is new appears where it belongs.
    if (Number.isNaN(from)) positions[at] = targets[at] ?? 0;
    const rest = (targets[at] ?? 0) - (positions[at] ?? 0);
    farthest = Math.max(farthest, Math.abs(rest));
    positions[at] = (positions[at] ?? 0) + rest * share;
  }
  if (farthest > closeEnough) return false;
  positions.set(targets);
  return true;
}
