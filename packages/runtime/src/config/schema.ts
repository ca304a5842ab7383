/** What the loader and the reference need to know of a zod schema, read from the JSON Schema of its input side. */
import { z } from 'zod';
import { isSecretName } from '../secrets.ts';
import type { KeyPath } from './document.ts';

/** The part of JSON Schema that zod writes and that is read here. `secret` and `remedy` come from `.meta({ … })`. */
export interface SchemaNode {
  type?: string | string[];
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, SchemaNode>;
  required?: string[];
  additionalProperties?: boolean | SchemaNode;
  items?: SchemaNode;
  anyOf?: SchemaNode[];
  oneOf?: SchemaNode[];
  minimum?: number;
  maximum?: number;
  pattern?: string;
  format?: string;
  secret?: boolean;
  remedy?: string;
}

/** Configuration schemas are trees: a recursive one is refused by zod's inlining with an error. */
export function schemaTree(schema: z.ZodType): SchemaNode {
  const tree = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    cycles: 'throw',
    reused: 'inline',
  });
  return tree as SchemaNode;
}

const isNode = (value: unknown): value is SchemaNode => typeof value === 'object' && value !== null;

function branchesOf(node: SchemaNode): SchemaNode[] {
  return node.anyOf ?? node.oneOf ?? [];
}

/** The node at `path`; in unions the first branch that has it. */
export function nodeAt(root: SchemaNode, path: KeyPath): SchemaNode | undefined {
  const [segment, ...rest] = path;
  if (segment === undefined) return root;
  const child =
    root.properties?.[String(segment)] ??
    root.items ??
    (isNode(root.additionalProperties) ? root.additionalProperties : undefined);
  const found = child === undefined ? undefined : nodeAt(child, rest);
  if (found !== undefined) return found;
  for (const branch of branchesOf(root)) {
    const inBranch = nodeAt(branch, path);
    if (inBranch !== undefined) return inBranch;
  }
  return undefined;
}

/** A key is secret when its schema says so, or else its own name or that of a mapping around it does. */
export function isSecretPath(root: SchemaNode, path: KeyPath): boolean {
  const marks = path.map((_, index) => nodeAt(root, path.slice(0, index + 1))?.secret);
  const own = marks.findLast((mark) => mark !== undefined);
  return own ?? path.some((segment) => typeof segment === 'string' && isSecretName(segment));
}

/** `integer 1..65535`, `a | b`, `list of string`, … */
export function typeName(node: SchemaNode): string {
  if (node.const !== undefined) return String(node.const);
  if (node.enum !== undefined) return node.enum.map(String).join(' | ');
  const branches = branchesOf(node);
  if (branches.length > 0) return [...new Set(branches.map(typeName))].join(' or ');
  if (Array.isArray(node.type)) return node.type.join(' or ');
  if (node.type === 'array') return `list of ${node.items === undefined ? 'any' : typeName(node.items)}`;
  if (node.type === 'object') {
    return isNode(node.additionalProperties) ? `map of ${typeName(node.additionalProperties)}` : 'mapping';
  }
  return `${node.type ?? 'any'}${rangeOf(node)}`;
}

function rangeOf({ minimum, maximum }: SchemaNode): string {
  // zod writes the safe-integer bounds of z.int(), which tell a reader nothing.
  const low = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const high = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (low !== undefined && high !== undefined) return ` ${low}..${high}`;
  if (low !== undefined) return ` >= ${low}`;
  return high === undefined ? '' : ` <= ${high}`;
}

export interface SchemaLeaf {
  path: readonly string[];
  node: SchemaNode;
  required: boolean;
}

/** Every key that takes a value of its own. With `inLists`, the keys of list items too, as `hosts[]`, `name`. */
export function leavesOf(root: SchemaNode, inLists = false): SchemaLeaf[] {
  const leaves: SchemaLeaf[] = [];
  const visit = (node: SchemaNode, path: readonly string[], required: boolean): void => {
    const properties = Object.entries(node.properties ?? {});
    if (properties.length > 0) {
      for (const [key, child] of properties) {
        visit(child, [...path, key], required && (node.required?.includes(key) ?? false));
      }
      return;
    }
    leaves.push({ path, node, required });
    const inner = node.items ?? (isNode(node.additionalProperties) ? node.additionalProperties : undefined);
    if (!inLists || inner === undefined) return;
    const mark = node.items === undefined ? '.*' : '[]';
    const within = [...path.slice(0, -1), `${path.at(-1) ?? ''}${mark}`];
    for (const candidate of [inner, ...branchesOf(inner)]) {
      if (candidate.properties !== undefined) visit(candidate, within, false);
    }
  };
  visit(root, [], true);
  return leaves;
}

/** Keys of `values` that the schema does not have, each with the keys that could stand there. */
export function unknownKeys(
  root: SchemaNode,
  values: unknown,
  path: KeyPath = [],
): { path: KeyPath; allowed: string[] }[] {
  if (Array.isArray(values)) {
    const { items } = root;
    return items === undefined
      ? []
      : values.flatMap((item, index) => unknownKeys(items, item, [...path, index]));
  }
  if (typeof values !== 'object' || values === null) return [];
  const node = pickBranch(root, values);
  if (node?.type !== 'object') return [];
  const { properties = {}, additionalProperties } = node;
  return Object.entries(values).flatMap(([key, value]) => {
    const child = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (child !== undefined) return unknownKeys(child, value, [...path, key]);
    if (isNode(additionalProperties)) return unknownKeys(additionalProperties, value, [...path, key]);
    if (additionalProperties === true) return [];
    return [{ path: [...path, key], allowed: Object.keys(properties) }];
  });
}

/** The branch of a union that the constants in `values` choose; nothing when that is not clear, zod judges then. */
function pickBranch(node: SchemaNode, values: object): SchemaNode | undefined {
  const branches = branchesOf(node).filter((branch) => branch.type === 'object');
  if (branches.length === 0) return node;
  const fitting = branches.filter((branch) =>
    Object.entries(branch.properties ?? {}).every(
      ([key, child]) => child.const === undefined || child.const === Reflect.get(values, key),
    ),
  );
  return fitting.length === 1 ? fitting[0] : undefined;
}
