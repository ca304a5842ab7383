/** The layout, beside the page: however long it takes, the page goes on. */
import { systemClock } from '@orchestrator/runtime/clock';
import type { LayoutAnswer, LayoutRequest } from './messages.ts';
import { createLayout } from './simulation.ts';

/** Between two pictures, which cost the page and the painter more than a few steps; messages are read in between. */
const sliceMs = 100;

const layout = createLayout();
let version = 0;
let isRunning = false;

function run(): void {
  const startMs = systemClock.monotonicMs();
  let goesOn = true;
  while (goesOn && systemClock.monotonicMs() - startMs < sliceMs) goesOn = layout.step();
  isRunning = goesOn;
  const positions = layout.positions();
  const answer: LayoutAnswer = { version, positions, isSettled: !goesOn };
  self.postMessage(answer, { transfer: [positions.buffer] });
  if (goesOn) systemClock.after(0, run);
}

self.onmessage = ({ data }: MessageEvent<LayoutRequest>) => {
  if (data.kind === 'pin') layout.pin(data.index, data.place);
  else {
    version = data.version;
    layout.update(data.graph);
  }
  if (isRunning) return;
  isRunning = true;
  run();
};
