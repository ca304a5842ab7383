/** Values from the environment and from flags, brought to the shape that the schema wants. */
import { parse } from 'yaml';
import type { KeyPath } from './document.ts';
import type { SchemaLeaf, SchemaNode } from './schema.ts';

export interface Override {
  path: readonly string[];
  value: unknown;
  /** `environment variable ZK_MIGRATE_LOG_LEVEL` or `flag --log-level`. */
  source: string;
}

/** `ZK_MIGRATE_` and `sync.lagThresholdMs` give `ZK_MIGRATE_SYNC_LAG_THRESHOLD_MS`. */
export function environmentName(prefix: string, path: readonly string[]): string {
  const words = path.map((segment) =>
    segment.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replace(/[^A-Za-z0-9]/g, '_'),
  );
  return `${prefix}${words.join('_')}`.toUpperCase();
}

/** Kubernetes sets such variables for every service that bears the program's name. */
const serviceLink = /_(SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)$/;

/** What the environment sets, and the variables that bear the prefix and mean nothing. */
export function readEnvironment(
  leaves: readonly SchemaLeaf[],
  env: Readonly<Record<string, string | undefined>>,
  prefix: string,
): { overrides: Override[]; unknown: { name: string; allowed: string[] }[] } {
  const byName = new Map<string, SchemaLeaf>();
  for (const leaf of leaves) {
    const name = environmentName(prefix, leaf.path);
    const other = byName.get(name);
    if (other !== undefined) {
      throw new Error(`${other.path.join('.')} and ${leaf.path.join('.')} are both ${name}; rename one key`);
    }
    byName.set(name, leaf);
  }
  const overrides: Override[] = [];
  const unknown: { name: string; allowed: string[] }[] = [];
  for (const [name, text] of Object.entries(env)) {
    if (text === undefined || !name.startsWith(prefix)) continue;
    const leaf = byName.get(name);
    if (leaf !== undefined) {
      const source = `environment variable ${name}`;
      overrides.push({ path: leaf.path, value: fromText(leaf.node, text), source });
    } else if (!serviceLink.test(name)) {
      unknown.push({ name, allowed: [...byName.keys()] });
    }
  }
  return { overrides, unknown };
}

/** Flags by dotted key. Those that are `undefined` were not given. */
export function readFlags(
  leaves: readonly SchemaLeaf[],
  flags: Readonly<Record<string, unknown>>,
): Override[] {
  const nodes = new Map(leaves.map((leaf) => [leaf.path.join('.'), leaf.node]));
  return Object.entries(flags).flatMap(([key, value]) => {
    if (value === undefined) return [];
    const node = nodes.get(key);
    const path = key.split('.');
    const flag = path.map((part) => part.replace(/([a-z0-9])([A-Z])/g, '$1-$2').replaceAll('_', '-'));
    return {
      path,
      value: node !== undefined && typeof value === 'string' ? fromText(node, value) : value,
      source: `flag --${flag.join('.').toLowerCase()}`,
    };
  });
}

/** Text stays text where the schema takes text; lists may be written `a,b,c`; all else is read as YAML. */
function fromText(node: SchemaNode, text: string): unknown {
  const types = [node.type, ...(node.anyOf ?? node.oneOf ?? []).map((branch) => branch.type)].flat();
  if (types.includes('string')) return text;
  if (types.includes('array') && !/^\s*\[/.test(text)) {
    const items = text.split(',').map((item) => item.trim());
    return items
      .filter((item) => item !== '')
      .map((item) => (node.items ? fromText(node.items, item) : item));
  }
  try {
    return parse(text);
  } catch {
    return text; // the schema says what was expected instead
  }
}

/** Sets one value in a tree of plain objects, replacing whatever is in the way. */
export function assign(target: Record<string, unknown>, path: KeyPath, value: unknown): void {
  const [head, ...rest] = path;
  if (head === undefined || head === '__proto__') return;
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  const inner = Object.hasOwn(target, head) ? target[head] : undefined;
  const next = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? { ...inner } : {};
  assign(next as Record<string, unknown>, rest, value);
  target[head] = next;
}
