/**
 * What the API takes and gives, as zod schemas and their types: for the console and other clients. Nothing here needs Node,
 * or any other part of this package.
 */
export * from './cluster.ts';
export * from './files.ts';
export * from './login.ts';
export * from './migrations.ts';
