// For the documentation, which is generated.
export { exitCodeRows } from './exit-codes.ts';
export { createProgram } from './program.ts';
export { serverConfigSchema } from './server/server-config.ts';
// For other programs of ours that write to a terminal.
export { formatDuration } from './terminal/format.ts';
export { createLiveArea, type LiveArea } from './terminal/live-area.ts';
export { processTerminal, type Terminal } from './terminal/terminal.ts';
