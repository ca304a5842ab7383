import type { z } from 'zod';
import { environmentName } from './overrides.ts';
import { isSecretPath, leavesOf, schemaTree, typeName } from './schema.ts';

/** One key of a configuration, for its reference. */
export interface ConfigKey {
  /** `sync.hosts[].port`: `[]` stands for each item of a list, `.*` for each name of a map. */
  key: string;
  type: string;
  /** As JSON; `required` when there is none and the key must be given; empty for an optional key without one. */
  default: string;
  description: string;
  secret: boolean;
  /** The environment variable, when a prefix was given and the key can be set by one. */
  env?: string;
}

/** The keys of a schema in its own order: what a configuration reference is generated from. */
export function describeSchema(schema: z.ZodType, options: { envPrefix?: string } = {}): ConfigKey[] {
  const tree = schemaTree(schema);
  return leavesOf(tree, true).map(({ path, node, required }) => {
    const inList = path.some((segment) => segment.endsWith('[]') || segment.endsWith('.*'));
    const plain = path.map((segment) => segment.replace(/(\[\]|\.\*)$/, ''));
    return {
      key: path.join('.'),
      type: typeName(node),
      default: node.default === undefined ? (required ? 'required' : '') : JSON.stringify(node.default),
      description: node.description ?? '',
      secret: isSecretPath(tree, plain),
      ...(options.envPrefix === undefined || inList ? {} : { env: environmentName(options.envPrefix, path) }),
    };
  });
}

const escapeCell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** A Markdown table of `describeSchema`. */
export function schemaToMarkdown(schema: z.ZodType, options: { envPrefix?: string } = {}): string {
  const rows = describeSchema(schema, options).map((row) => {
    const cells = [`\`${row.key}\``, escapeCell(row.type), row.default === '' ? '' : `\`${row.default}\``];
    const secret = row.secret ? ' Secret: never shown.' : '';
    return `| ${cells.join(' | ')} | ${escapeCell(row.description)}${secret} |`;
  });
  return ['| Key | Type | Default | Meaning |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}
