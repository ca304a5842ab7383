import type Http from 'node:http';

/**
 * `node:http` without its ES module: to make that, Node.js reads every export, one of which loads its whole HTTP client for
 * `fetch` and WebSocket, eight megabytes that a probe has no use for.
 */
export const { Agent, createServer, request }: typeof Http = process.getBuiltinModule('node:http');
