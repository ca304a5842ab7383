import type { Operator, Query, Token } from './syntax.ts';
import { queryError, tokensOf } from './tokens.ts';

/** Parentheses within parentheses. */
const maxDepth = 20;

const units: ReadonlyMap<string, number> = new Map([
  ...([
    ['', 1],
    ['%', 1],
    ['ms', 0.001],
    ['s', 1],
    ['m', 60],
    ['h', 3_600],
    ['d', 86_400],
  ] as const),
  ...([
    ['b', 1],
    ['k', 1e3],
    ['kb', 1e3],
    ['mb', 1e6],
    ['g', 1e9],
    ['gb', 1e9],
    ['tb', 1e12],
  ] as const),
  ...([
    ['kib', 2 ** 10],
    ['mib', 2 ** 20],
    ['gib', 2 ** 30],
    ['tib', 2 ** 40],
  ] as const),
]);

/** `100MB` is 100,000,000, `50%` is 50, `5m` is 300 (seconds); undefined for what is no number. */
export function numberWithUnit(text: string): number | undefined {
  const match = /^(-?\d+(?:\.\d+)?)([a-z%]*)$/i.exec(text);
  const factor = units.get((match?.[2] ?? '').toLowerCase());
  return match === null || factor === undefined ? undefined : Number(match[1]) * factor;
}

class Parser {
  readonly #query: string;
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(query: string) {
    this.#query = query;
    this.#tokens = tokensOf(query);
  }

  parse(): Query {
    const query = this.#all(0);
    const left = this.#peek();
    if (left.kind !== 'end') throw queryError(this.#query, left.at, 'this parenthesis was not opened');
    return query;
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', text: '', at: this.#query.length, quoted: false };
  }

  #take(): Token {
    const token = this.#peek();
    this.#next++;
    return token;
  }

  #isWord(text: string): boolean {
    const token = this.#peek();
    return token.kind === 'word' && !token.quoted && token.text.toLowerCase() === text;
  }

  #all(depth: number): Query {
    const of: Query[] = [];
    while (this.#peek().kind !== 'end' && this.#peek().kind !== 'close') {
      if (this.#isWord('and')) this.#take();
      else of.push(this.#any(depth));
    }
    const [only] = of;
    return of.length === 1 && only !== undefined ? only : { kind: 'all', of };
  }

  #any(depth: number): Query {
    const of: Query[] = [this.#each(depth)];
    while (this.#isWord('or')) {
      this.#take();
      of.push(this.#each(depth));
    }
    const [only] = of;
    return of.length === 1 && only !== undefined ? only : { kind: 'any', of };
  }

  #each(depth: number): Query {
    if (this.#isWord('not')) {
      this.#take();
      return { kind: 'not', of: this.#each(depth) };
    }
    const token = this.#take();
    if (token.kind === 'open') return this.#parenthesis(token, depth);
    if (token.kind !== 'word') {
      const found =
        token.kind === 'end' ? 'a term is missing at the end' : `"${token.text}" needs a term before it`;
      throw queryError(this.#query, token.at, found);
    }
    const isNegated = !token.quoted && token.text.startsWith('-') && token.text.length > 1;
    const term = this.#term(isNegated ? { ...token, text: token.text.slice(1) } : token);
    return isNegated ? { kind: 'not', of: term } : term;
  }

  #parenthesis(open: Token, depth: number): Query {
    if (depth >= maxDepth) throw queryError(this.#query, open.at, `more than ${maxDepth} parentheses deep`);
    const inner = this.#all(depth + 1);
    if (this.#take().kind !== 'close')
      throw queryError(this.#query, open.at, 'this parenthesis is not closed');
    return inner;
  }

  #term({ text, at, quoted }: Token): Query {
    if (this.#peek().kind !== 'operator' || quoted) return { kind: 'text', text: text.toLowerCase() };
    const operator = this.#take().text as Operator;
    const value = this.#take();
    if (value.kind !== 'word') throw queryError(this.#query, value.at, `"${text}${operator}" needs a value`);
    const number = numberWithUnit(value.text);
    if (/[<>]/.test(operator) && number === undefined) {
      throw queryError(
        this.#query,
        value.at,
        `"${value.text}" is no number, which ${operator} compares with`,
      );
    }
    if (text === 'label.') throw queryError(this.#query, at, 'the name of the label is missing');
    return { kind: 'field', field: text, operator, value: value.text.toLowerCase(), number };
  }
}

/** @throws MonitorError `invalid`, with the position of what is wrong */
export const parseQuery = (query: string): Query => new Parser(query).parse();
