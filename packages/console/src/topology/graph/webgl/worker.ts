/**
 * The painter, beside the page: neither the making of a WebGL context, nor shaders, nor what flows along edges takes any of
 * the page's time.
 */
import { systemClock } from '@orchestrator/runtime/clock';
import type { Camera } from '../camera.ts';
import type { PaintAnswer, PaintRequest } from './messages.ts';
import { createPainter, type Painter } from './painter.ts';

/** Flows need no more pictures than one in this time. */
const flowFrameMs = 30;

let painter: Painter | undefined;
let camera: Camera = { x: 0, y: 0, zoom: 1 };
let [isCalm, isFlowing, isDue, hasNodes, hasPainted] = [false, false, false, false, false];
let [frame, lastMs] = [0, 0];

const answer = (message: PaintAnswer) => self.postMessage(message);

function paint(): void {
  frame = 0;
  const nowMs = systemClock.monotonicMs();
  const flows = isFlowing && !isCalm;
  if (isDue || (flows && nowMs - lastMs >= flowFrameMs)) {
    painter?.paint(camera, (nowMs / 1_000) % 3_600);
    [isDue, lastMs] = [false, nowMs];
    if (hasNodes && !hasPainted) answer({ kind: 'painted' });
    hasPainted ||= hasNodes;
  }
  if (flows) frame = requestAnimationFrame(paint);
}

function take(request: PaintRequest): void {
  if (request.kind === 'start') {
    isCalm = request.isCalm;
    painter = createPainter(request.canvas);
  } else if (request.kind === 'resize') painter?.resize(request.size, request.ratio);
  else if (request.kind === 'look') camera = request.camera;
  else {
    painter?.load(request.load);
    isFlowing = request.load.isFlowing;
    hasNodes = request.load.nodes.count > 0;
  }
  isDue = true;
  if (frame === 0) frame = requestAnimationFrame(paint);
}

self.onmessage = ({ data }: MessageEvent<PaintRequest>) => {
  try {
    take(data);
  } catch (error) {
    answer({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
};
