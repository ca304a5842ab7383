import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { type ConfigDocument, type KeyPath, parseConfigDocument } from './document.ts';
import { invalidValue, type Place, strayVariable, unknownKey, wholeFile } from './issues.ts';
import { assign, type Override, readEnvironment, readFlags } from './overrides.ts';
import { ConfigError } from './problem.ts';
import { leavesOf, schemaTree, unknownKeys } from './schema.ts';

export interface LoadConfigOptions<Schema extends z.ZodType> {
  /**
   * A zod object. Keys are secret by name (`password`, `token`, …) or by `.meta({ secret: true })`; `.meta({ remedy })`
   * replaces the remedy of a key's errors.
   */
  schema: Schema;
  /** Path of a YAML or JSON file. */
  file?: string;
  /** Usually `process.env`; read only together with `envPrefix`. */
  env?: Readonly<Record<string, string | undefined>>;
  /** `ZK_MIGRATE_`: `sync.lagMs` is then `ZK_MIGRATE_SYNC_LAG_MS`. */
  envPrefix?: string;
  /** By dotted key; a value that is `undefined` was not given. */
  flags?: Readonly<Record<string, unknown>>;
}

type DeepReadonly<T> = T extends (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends Record<string, unknown>
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

export type Config<Schema extends z.ZodType> = DeepReadonly<z.output<Schema>>;

/**
 * Reads file ← environment ← flags (the later wins; lists are replaced, mappings merged), checks the result against the
 * schema once and freezes it.
 *
 * @throws ConfigError (`config`) that lists every problem: unreadable file, bad syntax, unknown keys, bad values.
 */
export function loadConfig<Schema extends z.ZodType>(options: LoadConfigOptions<Schema>): Config<Schema> {
  const { schema, file, env = {}, envPrefix, flags = {} } = options;
  const tree = schemaTree(schema);
  const leaves = leavesOf(tree);
  const document = file === undefined ? undefined : readDocument(file);
  const environment =
    envPrefix === undefined ? { overrides: [], unknown: [] } : readEnvironment(leaves, env, envPrefix);
  const overrides = [...environment.overrides, ...readFlags(leaves, flags)];

  const merged: Record<string, unknown> = { ...document?.values };
  for (const { path, value } of overrides) assign(merged, path, value);

  const locate = locator(file, document, overrides);
  const unknown = unknownKeys(tree, merged).map(({ path, allowed }) =>
    unknownKey(locate(path), path, allowed),
  );
  const strays = environment.unknown.map(({ name, allowed }) => strayVariable(name, allowed));
  const parsed = schema.safeParse(merged);
  const issues = parsed.success ? [] : parsed.error.issues;
  const invalid = issues
    // These were found above, with their positions and in non-strict schemas too.
    .filter((issue) => issue.code !== 'unrecognized_keys')
    .map((issue) => invalidValue(tree, merged, issue, locate(issue.path as KeyPath)));
  const problems = [...unknown, ...invalid, ...strays].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  if (problems.length > 0) throw new ConfigError(problems);
  if (!parsed.success) throw new ConfigError(issues.map((issue) => wholeFile(file, issue.message)));
  return freezeDeep(parsed.data) as Config<Schema>;
}

function readDocument(file: string): ConfigDocument {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const remedy = 'check the path and its permissions';
    throw new ConfigError([{ source: file, key: '', expected: `cannot be read (${reason})`, remedy }], error);
  }
  const document = parseConfigDocument(text);
  if (!('problems' in document)) return document;
  throw new ConfigError(
    document.problems.map(({ line, message }) => ({
      source: file,
      ...(line === undefined ? {} : { line }),
      key: '',
      expected: message,
      remedy: 'correct the syntax at this line',
    })),
  );
}

function locator(
  file: string | undefined,
  document: ConfigDocument | undefined,
  overrides: readonly Override[],
) {
  return (path: KeyPath): Place => {
    const override = overrides.findLast((candidate) =>
      candidate.path.every((segment, index) => segment === path[index]),
    );
    if (override !== undefined) return { source: override.source };
    if (file === undefined) return { source: 'configuration' };
    const line = document?.lineOf(path);
    return line === undefined ? { source: file } : { source: file, line };
  };
}

function freezeDeep(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  for (const inner of Object.values(value)) freezeDeep(inner);
  return Object.freeze(value);
}
