/** What was found wrong, put into words. */
import type { z } from 'zod';
import { maskedValue, redactSecrets } from '../secrets.ts';
import type { KeyPath } from './document.ts';
import type { ConfigProblem } from './problem.ts';
import { isSecretPath, nodeAt, type SchemaNode, typeName } from './schema.ts';
import { nearest } from './suggest.ts';

/** The longest value that an error quotes, in characters. */
const longestQuote = 80;

/** Where a value came from. */
export interface Place {
  source: string;
  line?: number;
}

export function unknownKey(place: Place, path: KeyPath, allowed: string[]): ConfigProblem {
  const name = String(path.at(-1));
  const guess = nearest(name, allowed);
  const remedy =
    guess === undefined ? `remove it; known here: ${allowed.join(', ')}` : `did you mean "${guess}"?`;
  return { ...place, key: formatPath(path), expected: 'unknown key', remedy };
}

export function strayVariable(name: string, allowed: string[]): ConfigProblem {
  const guess = nearest(name, allowed);
  return {
    source: `environment variable ${name}`,
    key: '',
    expected: 'sets no known key',
    remedy: guess === undefined ? 'unset it' : `did you mean ${guess}?`,
  };
}

export const wholeFile = (file: string | undefined, expected: string): ConfigProblem => ({
  source: file ?? 'configuration',
  key: '',
  expected,
  remedy: 'correct it',
});

export function invalidValue(
  tree: SchemaNode,
  merged: unknown,
  issue: z.core.$ZodIssue,
  place: Place,
): ConfigProblem {
  const path = issue.path as KeyPath;
  const node = nodeAt(tree, path);
  const value = valueAt(merged, path);
  const key = formatPath(path);
  if (value === undefined && issue.code !== 'custom') {
    const expected = `required, but missing (${node === undefined ? issue.message : typeName(node)})`;
    return {
      ...place,
      key,
      expected,
      remedy: node?.remedy ?? `add "${key}"${node?.description ? `: ${node.description}` : ''}`,
    };
  }
  const expected = expectation(node, issue);
  return {
    ...place,
    key,
    ...(value === undefined ? {} : { value: isSecretPath(tree, path) ? maskedValue : quote(value) }),
    expected,
    remedy: node?.remedy ?? remedyFor(node, value),
  };
}

/** YAML reads `5` as a number and `yes` as text, which surprises both ways. */
function remedyFor(node: SchemaNode | undefined, value: unknown): string {
  if (node?.type === 'string' && (typeof value === 'number' || typeof value === 'boolean')) {
    return 'put it in quotes';
  }
  return node?.description === undefined ? 'correct it' : `correct it: ${node.description}`;
}

function expectation(node: SchemaNode | undefined, issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined) {
    return issue.message; // it lists what the discriminator may be
  }
  const isAboutType = ['invalid_type', 'invalid_value', 'invalid_union'].includes(issue.code);
  return node !== undefined && isAboutType ? `expected ${typeName(node)}` : issue.message;
}

function valueAt(values: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>(
    (inner, segment) =>
      typeof inner === 'object' && inner !== null ? Reflect.get(inner, segment) : undefined,
    values,
  );
}

function quote(value: unknown): string {
  const text = JSON.stringify(redactSecrets(value)) ?? String(value);
  return text.length > longestQuote ? `${text.slice(0, longestQuote)}…` : text;
}

/** `a.b[0].c` */
function formatPath(path: KeyPath): string {
  return path
    .map((segment, index) =>
      typeof segment === 'number' ? `[${segment}]` : `${index === 0 ? '' : '.'}${segment}`,
    )
    .join('');
}
