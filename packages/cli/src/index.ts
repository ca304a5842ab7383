// For the documentation, which is generated.

export { exitCodeRows as orchestratorExitCodeRows } from './orchestrator/exit-codes.ts';
export { createOrchestrator } from './orchestrator/program.ts';
// For other programs of ours that write to a terminal.
export { formatDuration } from './terminal/format.ts';
export { createLiveArea, type LiveArea } from './terminal/live-area.ts';
export { processTerminal, type Terminal } from './terminal/terminal.ts';
export { exitCodeRows } from './zk-migrate/exit-codes.ts';
export { createProgram } from './zk-migrate/program.ts';
export { serverConfigSchema } from './zk-migrate/server/server-config.ts';
