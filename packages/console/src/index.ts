/** For the server that serves the console; everything else here runs in browsers. */
import { fileURLToPath } from 'node:url';

/** The folder with the console's files, made by `scripts/build-console.ts`. */
export const consoleFolder: string = fileURLToPath(new URL('../dist', import.meta.url));
