export { formatDuration } from './terminal/format.ts';
export { createLiveArea, type LiveArea } from './terminal/live-area.ts';
export { processTerminal, type Terminal } from './terminal/terminal.ts';
