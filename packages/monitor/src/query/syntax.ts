/**
 * The language in which nodes are looked for. In words:
 *
 *   query  = any { any } ;                      all must hold
 *   any    = each { "or" each } ;
 *   each   = [ "not" | "-" ] ( "(" query ")" | term ) ;
 *   term   = text | field operator value ;
 *   operator = ":" | "=" | "!=" | "<" | "<=" | ">" | ">=" ;
 *
 * `text` is looked for in the names, rows and labels of a node. `field` is `type`, `id`, `name`, `label.KEY`, a metric
 * (`cpu`, `memory` or its id) or the id or name of a row. `:` is "contains", `=` "is". Numbers may have a unit: `50%`,
 * `100MB`, `2GiB`, `5m`. Values with spaces stand in double quotes; `and` between terms may be written, and says nothing.
 */
export type Operator = ':' | '=' | '!=' | '<' | '<=' | '>' | '>=';

export type Query =
  | { readonly kind: 'all' | 'any'; readonly of: readonly Query[] }
  | { readonly kind: 'not'; readonly of: Query }
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'field';
      readonly field: string;
      readonly operator: Operator;
      readonly value: string;
      /** The value as a number with its unit applied; undefined if it is none. */
      readonly number: number | undefined;
    };

export interface Token {
  readonly kind: 'word' | 'operator' | 'open' | 'close' | 'end';
  readonly text: string;
  /** Characters before it. */
  readonly at: number;
  /** In quotes: `"or"` is a text, not a word of the language. */
  readonly quoted: boolean;
}
