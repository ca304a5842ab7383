/** A configuration file as values with positions. JSON is read as the subset of YAML that it is. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';

export type KeyPath = readonly (string | number)[];

export interface ConfigDocument {
  /** The root mapping; `{}` for an empty file. */
  values: Record<string, unknown>;
  /** Line, from 1, of the key at `path`, or of its nearest ancestor that is in the file. */
  lineOf(path: KeyPath): number | undefined;
}

export interface SyntaxProblem {
  line: number | undefined;
  message: string;
}

/** Parses text; on bad syntax, a duplicate key or a root that is no mapping, every such problem instead of a document. */
export function parseConfigDocument(text: string): ConfigDocument | { problems: SyntaxProblem[] } {
  const lines = new LineCounter();
  // prettyErrors would quote source lines, and these may hold secrets.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset: number) => lines.linePos(offset).line;
  if (document.errors.length > 0) {
    return {
      problems: document.errors.map((error) => ({
        line: lineAt(error.pos[0]),
        message: describe(error.code),
      })),
    };
  }
  const values: unknown = document.toJS({ maxAliasCount: 100 }) ?? {};
  if (typeof values !== 'object' || Array.isArray(values) || values === null) {
    return { problems: [{ line: 1, message: 'the file must be a mapping of keys to values' }] };
  }
  const root = document.contents;
  return {
    values: values as Record<string, unknown>,
    lineOf(path) {
      const offset = offsetOf(root, path);
      return offset === undefined ? undefined : lineAt(offset);
    },
  };
}

/** The parser's own messages may quote the text, so its codes are put into words here. */
function describe(code: string): string {
  const words = code.toLowerCase().replaceAll('_', ' ');
  if (code === 'DUPLICATE_KEY') return 'the same key stands twice in one mapping';
  if (code === 'TAB_AS_INDENT') return 'a tab is used for indentation; use spaces';
  if (code === 'BAD_INDENT') return 'the indentation does not fit the lines above';
  return `not valid YAML or JSON (${words})`;
}

function offsetOf(root: Node | null, path: KeyPath): number | undefined {
  let node: unknown = root;
  let offset = startOf(root);
  for (const segment of path) {
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find(
        (item) => isScalar(item.key) && String(item.key.value) === String(segment),
      );
      if (pair === undefined) return offset;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof segment === 'number') {
      node = node.items[segment];
      offset = startOf(node) ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined;
}
